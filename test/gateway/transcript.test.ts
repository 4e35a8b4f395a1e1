import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import type { ClientRecord } from '#src/gateway/client-record.js';
import { ipToNumber, parseClientId } from '#src/wire/client-id.js';
import { Command } from '#src/wire/command.js';
import { decodeFrame, encodeFrame } from '#src/wire/frame.js';
import { type PhpDecoded, serialize, unserialize } from '#src/wire/php-serialize.js';
import { InnerScene } from '../support/inner-scene.js';
import type { RawPeer } from '../support/raw-peer.js';
import {
  type RecordedLink,
  TRANSCRIPTS,
  type Transcript,
  type TranscriptStep,
  framesIn,
  linksOf,
  readTranscript,
} from '../support/transcript.js';
import { WsClient } from '../support/ws-client.js';

/** What a gateway knows of a client. */
interface Known {
  uid: string | undefined;
  groups: string[];
}

const MARK = 'that was all';
const PING_INTERVAL = 25_000;

/** Plays a recording to a gateway of ours, as its worker, its GatewayClients and its clients. */
class Replay {
  readonly #scene: InnerScene;
  readonly #transcript: Transcript;
  readonly #ids: readonly number[];
  readonly #url: string;
  readonly #clients: (WsClient | undefined)[] = [];
  /** The PHP BusinessWorker's link. */
  #worker!: RawPeer;
  /** What the gateway should know, by connection id. */
  readonly #known = new Map<number, Known>();
  calls = 0;

  private constructor(t: TestContext, scene: InnerScene, transcript: Transcript) {
    this.#scene = scene;
    this.#transcript = transcript;
    this.#url = scene.gateway.listeners[0];
    this.#ids = transcript.client_ids.map((id) => parseClientId(id).connectionId);
    const ids = [...this.#ids];
    t.mock.method(scene.gateway.directory, 'nextId', () => ids.shift());
    t.after(() => {
      for (const client of this.#clients) client?.socket.terminate();
    });
  }

  static async create(t: TestContext, transcript: Transcript): Promise<Replay> {
    const scene = await InnerScene.create(t, {
      secretKey: transcript.secretKey,
      address: { ip: ipToNumber('127.0.0.2'), port: 2900 },
      gateway: { listen: [{ url: 'ws://127.0.0.1:0' }] },
    });
    return new Replay(t, scene, transcript);
  }

  /** The worker links up, and one client after another comes in, with the uid, group and session that it had. */
  async begin(): Promise<void> {
    const { steps, secretKey } = this.#transcript;
    this.#worker = await this.#scene.connect();
    const boot = steps.find(({ step }) => step.startsWith('boot'));
    if (boot === undefined) this.#worker.introduce('B:0', secretKey);
    else this.#worker.write(linkOf(boot, 'gateway#2').sent);
    await this.#worker.settled();
    for (const step of steps.filter((each) => each.args === undefined && !each.step.startsWith('boot'))) {
      if (step.step.startsWith('client connects')) await this.#connects(step);
      else if (step.step.startsWith('client 0 sends') && boot !== undefined) await this.#says(step);
    }
    const numeric = boot === undefined;
    const uids = numeric ? ['12', '345', '345'] : ['u1', 'u2', 'u2'];
    const groups = numeric ? ['101', '101', '01'] : ['room1', 'room1', 'room2'];
    for (const [index, id] of this.#ids.entries()) {
      if (this.#clients[index] === undefined) {
        await this.#join(index);
        for (let events = 0; events < 2; events++) await this.#worker.nextFrame();
        this.#worker.send(
          { command: Command.BIND_UID, connectionId: id, ext: uids[index] },
          { command: Command.JOIN_GROUP, connectionId: id, ext: groups[index] },
          { command: Command.SET_SESSION, connectionId: id, ext: this.#recordedSession(id) },
        );
      }
      this.#known.set(id, { uid: uids[index], groups: [groups[index]] });
    }
    await this.#worker.settled();
    await this.#received();
    assert.deepEqual(this.#state(), this.#known);
  }

  /** Calls what was called, as it was called. */
  async call(step: TranscriptStep): Promise<void> {
    this.calls++;
    const links = linksOf([step]).filter(({ name }) => name.startsWith('gateway#'));
    const [calling] = links.filter(({ sent }) => sent.includes('{"secret_key"'));
    const client = await this.#scene.connect();
    client.write(calling.sent);
    const reply = calling.received.length === 0 ? calling.received : await client.nextReply();
    assert.equal(reply.toString('latin1'), calling.received.toString('latin1'), step.step);
    await client.settled();
    this.#change(step);
    for (const link of links) if (link !== calling) await this.#events(link);
    assert.deepEqual(this.#state(), this.#known, step.step);
    const received = await this.#received();
    assert.deepEqual(received, step.clients_received ?? [[], [], []], step.step);
    client.socket.destroy();
  }

  /** Client 0 goes: its last event carries its session. */
  async end(): Promise<void> {
    const step = this.#transcript.steps.find((each) => each.step === 'client 0 closes');
    if (step === undefined) return;
    await this.#clients[0]?.close();
    const [link] = linksOf([step]);
    await this.#events(link);
  }

  async #join(index: number): Promise<void> {
    this.#clients[index] = await WsClient.connect(`${this.#url}/chat?room=${index}`, {
      headers: { cookie: `k=v${index}` },
    });
  }

  async #connects(step: TranscriptStep): Promise<void> {
    await this.#join(0);
    await this.#events(linkOf(step, 'gateway#2'));
  }

  async #says(step: TranscriptStep): Promise<void> {
    const link = linkOf(step, 'gateway#2');
    const { body } = decodeFrame(link.received);
    this.#clients[0]?.send(step.step.includes('binary') ? body : body.toString());
    await this.#events(link);
  }

  /** The gateway's events are those recorded, to the byte; the worker does then what it did. */
  async #events(link: RecordedLink): Promise<void> {
    for (const recorded of framesIn(link.received)) {
      if (recorded[4] === Command.PING) this.#scene.clock.advance(PING_INTERVAL);
      const bytes = await this.#worker.nextFrameBytes();
      assert.equal(bytes.toString('latin1'), this.#substituted(recorded, bytes).toString('latin1'));
    }
    this.#worker.write(link.sent);
    await this.#worker.settled();
  }

  /** What was recorded, with the ports and the handshake's key of this run. */
  #substituted(recorded: Buffer, actual: Buffer): Buffer {
    const frame = decodeFrame(recorded);
    if (frame.command === Command.PING) return recorded;
    const client = this.#clients[this.#ids.indexOf(frame.connectionId)] as WsClient;
    const gatewayPort = Number(new URL(this.#url).port);
    const { command, localIp, localPort, clientIp, connectionId, flags, ext, body } = frame;
    const clientPort = client.localPort;
    const copy = {
      command,
      localIp,
      localPort,
      clientIp,
      clientPort,
      connectionId,
      flags,
      gatewayPort,
      ext,
      body,
    };
    if (command === Command.ON_WEBSOCKET_CONNECT) {
      const handshake = unserialize(frame.body) as Map<string, PhpDecoded>;
      const server = handshake.get('server') as Map<string, PhpDecoded>;
      const sent = (unserialize(decodeFrame(actual).body) as typeof handshake).get('server') as typeof server;
      server.set('SERVER_NAME', `127.0.0.1:${gatewayPort}`);
      server.set('HTTP_HOST', `127.0.0.1:${gatewayPort}`);
      server.set('REMOTE_PORT', client.localPort);
      server.set('SERVER_PORT', gatewayPort);
      server.set('HTTP_SEC_WEBSOCKET_KEY', sent.get('HTTP_SEC_WEBSOCKET_KEY') ?? null);
      copy.body = serialize(handshake);
    }
    return encodeFrame(copy);
  }

  /** What each client has got since this was last asked. */
  async #received(): Promise<string[][]> {
    const marks = this.#ids.map((connectionId) => ({
      command: Command.SEND_TO_ONE,
      connectionId,
      body: MARK,
    }));
    this.#worker.send(...marks);
    return await Promise.all(
      this.#clients.map(async (client) => {
        const messages: string[] = [];
        for (;;) {
          // one that is being closed gets everything before its end, and no mark
          const message = await (client as WsClient).next().catch(() => undefined);
          if (message === undefined || message === MARK) return messages;
          messages.push(String(message));
        }
      }),
    );
  }

  #state(): Map<number, Known> {
    return new Map(Array.from(this.#scene.gateway.directory.clients(), knownOf));
  }

  /** What a call changes. */
  #change({ step, args = [] }: TranscriptStep): void {
    const id = this.#ids[Number(String(args[0]).slice(1))];
    const known = this.#known.get(id);
    switch (step.replace('GatewayClient ', '')) {
      case 'bindUid':
        if (known !== undefined) known.uid = String(args[1]);
        break;
      case 'unbindUid':
        if (known !== undefined) known.uid = undefined;
        break;
      case 'joinGroup':
        known?.groups.push(String(args[1]));
        break;
      case 'leaveGroup':
        if (known !== undefined) known.groups = known.groups.filter((group) => group !== args[1]);
        break;
      case 'ungroup':
        for (const each of this.#known.values())
          each.groups = each.groups.filter((group) => group !== args[0]);
        break;
      case 'closeClient':
      case 'destoryClient':
        this.#known.delete(id);
        break;
      default:
    }
  }

  /** The session that a client had, as the first call that asks for all sessions tells. */
  #recordedSession(id: number): string {
    const step = this.#transcript.steps.find((each) => each.step.endsWith('getAllClientSessions'));
    const [calling] = linksOf([step as TranscriptStep]).filter(({ sent }) => sent.includes('{"secret_key"'));
    const sessions = unserialize(calling.received.subarray(4)) as Map<number, string>;
    return sessions.get(id) as string;
  }
}

function knownOf({ id, uid, groups }: ClientRecord): [id: number, known: Known] {
  return [id, { uid, groups: [...(groups ?? [])] }];
}

function linkOf(step: TranscriptStep, name: string): RecordedLink {
  return linksOf([step]).find((link) => link.name === name) as RecordedLink;
}

describe('a recording of GatewayWorker 4.0, played to our gateway', () => {
  for (const [file, calls] of [
    [TRANSCRIPTS[0], 47],
    [TRANSCRIPTS[1], 35],
  ] as const) {
    it(`${file}: ${calls} calls with the same bytes, the same state, the same events`, async (t) => {
      const transcript = readTranscript(file);
      const replay = await Replay.create(t, transcript);
      await replay.begin();
      for (const step of transcript.steps) if (step.args !== undefined) await replay.call(step);
      await replay.end();
      assert.equal(replay.calls, calls);
    });
  }
});

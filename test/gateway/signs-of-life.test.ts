import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, after, before, describe, it } from 'node:test';
import { ClientRecord } from '#src/gateway/client-record.js';
import { Heartbeat } from '#src/gateway/heartbeat.js';
import type { ListenerOptions } from '#src/gateway/protocols/listener-context.js';
import type { Connection } from '#src/gateway/protocols/protocol.js';
import { kernelSendQueues } from '#src/gateway/kernel-send-queues.js';
import { turn } from '../support/gateway-scene.js';
import type { ProtocolHost } from '../support/protocol-host.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { frame, netstring, netstringModule, tcp, text, withTls, ws } from './protocols/formats.js';
import { open, tls } from './protocols/opening.js';
import { type StreamFormat, StreamPeer } from './protocols/peer.js';

const folder = await mkdtemp(join(tmpdir(), 'signs-of-life-'));
const protocolModule = join(folder, 'netstring.mjs');
before(() => writeFile(protocolModule, netstringModule));
after(() => rm(folder, { recursive: true }));

interface Subject {
  readonly scheme: string;
  readonly format: StreamFormat;
  readonly options?: Partial<ListenerOptions>;
}

const SUBJECTS: Record<string, Subject> = {
  ws: { scheme: 'ws', format: ws },
  wss: { scheme: 'wss', format: withTls(ws), options: { tls } },
  frame: { scheme: 'frame', format: frame },
  text: { scheme: 'text', format: text },
  custom: { scheme: 'tcp', format: netstring, options: { protocol: protocolModule } },
};

/** Looks at a client that gives no sign of life, until it is dropped. */
const LOOKS = 6;
/** Far more looks than that. */
const MANY = 20;
const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;

/** A client that answers no ping, on a real connection; the heartbeat looks when the test says so. */
class Scene {
  readonly transport: Connection;
  readonly peer: StreamPeer;
  readonly host: ProtocolHost;
  dropped = false;
  readonly #heartbeat: Heartbeat;
  readonly #read: { bytes: number; until: number };
  #asked: Promise<unknown> = Promise.resolve();

  private constructor(
    host: ProtocolHost,
    [transport, peer]: [Connection, StreamPeer],
    read: { bytes: number; until: number },
    queues: typeof kernelSendQueues,
  ) {
    this.host = host;
    this.transport = transport;
    this.peer = peer;
    this.#read = read;
    const client = new ClientRecord(1, transport, 0);
    this.#heartbeat = new Heartbeat(
      { pingInterval: 10, pingNotResponseLimit: 2 },
      new ManualClock(),
      () => (this.dropped ? [] : [client]),
      () => false,
      () => transport.ping(),
      () => (this.dropped = true),
      (descriptors) => {
        const asked = queues(descriptors);
        this.#asked = asked;
        return asked;
      },
    );
  }

  static async open(
    t: TestContext,
    { scheme, format, options }: Subject,
    queues: typeof kernelSendQueues = kernelSendQueues,
  ): Promise<Scene> {
    const { host, listener } = await open(t, scheme, options);
    const read = { bytes: 0, until: Infinity };
    const counting: StreamFormat = {
      ...format,
      unpack(chunk) {
        read.bytes += chunk.length;
        if (read.bytes >= read.until) joined[1].stopReading();
        return { length: chunk.length };
      },
    };
    const joined = await host.join(() => StreamPeer.connect(listener.context.url, counting));
    t.after(() => joined[1].destroy());
    return new Scene(host, joined, read, queues);
  }

  async look(): Promise<void> {
    this.#heartbeat.beat();
    await this.#asked;
    await turn();
  }

  /** The client sends these bytes, and the gateway has read them. */
  async upload(bytes: Buffer): Promise<void> {
    const earlier = this.transport.flow?.received ?? 0;
    await this.peer.flush(bytes);
    while ((this.transport.flow?.received ?? 0) - earlier < bytes.length) await turn();
  }

  /** The client is sent a message of so many bytes. */
  send(length: number): void {
    const { transport } = this;
    transport.write(transport.protocol.encode(Buffer.alloc(length, 'x'), false, transport));
  }

  /** The client takes so many bytes more, or a little more than that, and then none. */
  async download(length: number): Promise<void> {
    this.#read.until = this.#read.bytes + length;
    this.peer.startReading();
    await this.peer.until('bytes', () => this.#read.bytes >= this.#read.until);
  }

  /**
   * The client does nothing any more, and is dropped for it: after how many looks exactly, test/gateway/heartbeat.test.ts
   * tells. These are not apart, so that the system may still move and confirm a lot between them.
   */
  async standStill(): Promise<void> {
    for (let looks = 0; !this.dropped && looks < 100 * LOOKS; looks++) await this.look();
    assert.equal(this.dropped, true);
  }
}

for (const [name, subject] of Object.entries(SUBJECTS)) {
  describe(`signs of life: ${name}`, { timeout: 30_000 }, () => {
    it('a message that comes in little by little', async (t) => {
      const scene = await Scene.open(t, subject);
      const bytes = subject.format.pack(Buffer.alloc(MANY, 'x'));
      for (const byte of bytes) {
        await scene.look();
        await scene.upload(Buffer.from([byte]));
      }
      await scene.host.until('the message', () => scene.host.messages.length === 1);
      assert.equal(scene.dropped, false);
      await scene.standStill();
    });

    for (const [what, length, step] of [
      ['more than the system holds', 32 * MEBIBYTE, 512 * KIBIBYTE],
      ['all of which the system holds', 3 * MEBIBYTE, 64 * KIBIBYTE],
    ] as const) {
      it(`a message that is taken little by little: ${what}`, async (t) => {
        const scene = await Scene.open(t, subject);
        scene.peer.stopReading();
        scene.send(length);
        for (let looks = 0; looks < 2.5 * LOOKS; looks++) {
          await scene.look();
          await scene.download(step);
        }
        assert.equal(scene.dropped, false);
        await scene.standStill();
      });
    }

    it('none: a client that stands still, with data waiting', async (t) => {
      const scene = await Scene.open(t, subject);
      scene.peer.stopReading();
      scene.send(32 * MEBIBYTE);
      await scene.standStill();
    });

    for (const [where, queues] of [
      ['', kernelSendQueues],
      [', where the system cannot be asked', () => Promise.resolve(new Map<number, number>())],
    ] as const) {
      it(`messages that are taken${where}; heartbeats that are taken are none`, async (t) => {
        const scene = await Scene.open(t, subject, queues);
        for (let looks = 0; looks < MANY; looks++) {
          await scene.look();
          scene.send(10);
          const { bufferedBytes } = scene.transport;
          assert.ok(bufferedBytes < KIBIBYTE);
          await scene.download(10);
        }
        assert.equal(scene.dropped, false);
        await scene.standStill();
      });
    }
  });
}

describe('what the system holds', { timeout: 10_000 }, () => {
  it('is found for this process’s connections; others are missing', async (t) => {
    const scene = await Scene.open(t, { scheme: 'tcp', format: tcp });
    const descriptor = scene.transport.flow?.descriptor ?? -1;
    assert.deepEqual([...(await kernelSendQueues([descriptor, -1, 0]))], [[descriptor, 0]]);
    scene.peer.stopReading();
    scene.send(32 * MEBIBYTE);
    const held = (await kernelSendQueues([descriptor])).get(descriptor) ?? 0;
    assert.ok(held > 0 && held < 32 * MEBIBYTE, `${held} bytes`);
  });
});

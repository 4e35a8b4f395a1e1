import type { TestContext } from 'node:test';
import { pino } from 'pino';
import type { GatewayConfig } from '#src/config/schema.js';
import { Gateway } from '#src/gateway/gateway.js';
import { InnerPort } from '#src/gateway/inner/inner-port.js';
import type { InnerTls } from '#src/net/inner-socket.js';
import type { GatewayAddress } from '#src/wire/client-id.js';
import { Command, Flag, WorkerState } from '#src/wire/command.js';
import { NODE_FEATURE } from '#src/wire/worker-connect.js';
import { loadJson } from './config-folder.js';
import { FakeTransport } from './fake-transport.js';
import { RawPeer } from './raw-peer.js';
import { ManualClock } from '#src/testing/manual-clock.js';

export interface InnerSceneOptions {
  /** Settings of the gateway. */
  readonly gateway?: object;
  readonly secretKey?: string;
  readonly address?: GatewayAddress;
  readonly tls?: InnerTls;
}

/** A line of the gateway's log. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly kind?: string;
  readonly remoteAddress?: string;
}

/** A gateway with an inner port on loopback, whose peers are the test's own sockets and whose time stands still. */
export class InnerScene {
  readonly clock = new ManualClock();
  readonly log: LogLine[] = [];
  readonly gateway: Gateway;
  readonly innerPort: InnerPort;
  readonly #secretKey: string;
  readonly #peers: RawPeer[] = [];

  private constructor(config: GatewayConfig, innerPort: InnerPort, options: InnerSceneOptions) {
    this.innerPort = innerPort;
    this.#secretKey = options.secretKey ?? '';
    const write = (line: string): void => void this.log.push(JSON.parse(line) as LogLine);
    this.gateway = new Gateway(config, {
      log: pino({ level: 'debug' }, { write }),
      clock: this.clock,
      address: options.address ?? { ip: 0x7f000001, port: innerPort.port },
      node: 'node-a',
      cluster: { secretKey: this.#secretKey, pingInterval: 25 },
    });
  }

  static async create(t: TestContext, options: InnerSceneOptions = {}): Promise<InnerScene> {
    const { config } = await loadJson(t, { gateway: options.gateway ?? {} });
    const innerPort = await InnerPort.open({ host: '127.0.0.1', port: 0, tls: options.tls });
    const settings = { ...(config.gateway as GatewayConfig) };
    if (options.gateway === undefined || !('listen' in options.gateway)) settings.listen = [];
    const scene = new InnerScene(settings, innerPort, options);
    t.after(async () => {
      for (const { socket } of scene.#peers) socket.destroy();
      // fake clients do not go when they are told to
      const closed = [scene.innerPort.close(1000)];
      if (scene.gateway.listeners.length > 0) closed.push(scene.gateway.close(1000));
      scene.clock.advance(1000);
      await Promise.all(closed);
    });
    await scene.gateway.listen();
    innerPort.serve(scene.gateway);
    return scene;
  }

  async connect(): Promise<RawPeer> {
    const peer = await RawPeer.connect(this.innerPort.port);
    this.#peers.push(peer);
    return peer;
  }

  /** A PHP BusinessWorker, which the gateway knows when this resolves. */
  async phpWorker(key = 'php:0'): Promise<RawPeer> {
    const peer = await this.connect();
    peer.introduce(key, this.#secretKey);
    await peer.settled();
    return peer;
  }

  /** One of our slots, which is ready unless `state` says otherwise. */
  async nodeWorker(
    key = 'node-b:0',
    state: number = WorkerState.READY,
    features: readonly string[] = [NODE_FEATURE],
  ): Promise<RawPeer> {
    const peer = await this.connect();
    peer.introduce(key, this.#secretKey, features);
    await peer.nextFrame();
    await this.say(peer, state);
    return peer;
  }

  /** A worker of ours tells its state; resolves when the gateway knows. Replies, here one, are not held up by any state. */
  async say(peer: RawPeer, state: number): Promise<void> {
    peer.send({ command: Command.WORKER_STATE, clientIp: state });
    peer.send({ command: Command.IS_ONLINE, flags: Flag.REQUEST, clientIp: 0xfff });
    for (;;) {
      const frame = await peer.nextFrame();
      if (frame.command === Command.REPLY && frame.clientIp === 0xfff) return;
    }
  }

  /** A GatewayClient. */
  async client(): Promise<RawPeer> {
    const peer = await this.connect();
    if (this.#secretKey !== '') peer.identify(this.#secretKey);
    return peer;
  }

  /** A client comes in. */
  join(transport = new FakeTransport()): { transport: FakeTransport; id: number } {
    this.gateway.clients.opened(transport);
    return { transport, id: (transport.client as { id: number }).id };
  }

  message(transport: FakeTransport, text: string, binary = false): void {
    this.gateway.clients.message(transport, Buffer.from(text), binary);
  }

  /** How many peers were refused something, by kind. */
  get refusals(): Record<string, number> {
    return Object.fromEntries(this.gateway.counters.innerRefusals);
  }
}

import type { TestContext } from 'node:test';
import { pino } from 'pino';
import type { GatewayConfig } from '#src/config/schema.js';
import { Gateway } from '#src/gateway/gateway.js';
import type { Link } from '#src/link/link.js';
import { memoryLinkPair } from './memory-link.js';
import { type ClientEnd, decodeClientEnd } from '#src/wire/client-end.js';
import { Command, Flag, commandName } from '#src/wire/command.js';
import { type Frame, emptyFrame } from '#src/wire/frame.js';
import { loadJson } from './config-folder.js';
import { FakeTransport } from './fake-transport.js';
import { Observed } from './protocol-host.js';
import { ManualClock } from '#src/testing/manual-clock.js';

/** The far end of a memory link: a worker that writes down the events it gets. */
export class FakeWorker extends Observed {
  readonly link: Link;
  /** `ON_MESSAGE 7 hello`: command, connection id, body; ` own` behind that where the frame has Flag.OWN. */
  readonly events: string[] = [];
  /** Whether it says of each client that sends no more that it has answered it. */
  answersEnds = false;
  /** How clients left, in order. */
  readonly ends: ClientEnd[] = [];

  constructor(link: Link) {
    super();
    this.link = link;
    link.subscribe({
      frame: (frame) => {
        const isEnd = frame.command === Command.ON_CLOSE;
        if (isEnd) this.ends.push(decodeClientEnd(frame.body));
        const body = isEnd ? '' : frame.bodyText();
        const event = `${commandName(frame.command)} ${frame.connectionId}`;
        const own = (frame.flags & Flag.OWN) === 0 ? '' : ' own';
        this.events.push(body === '' ? `${event}${own}` : `${event} ${body}${own}`);
        if (this.answersEnds && frame.command === Command.CLIENT_ENDED) {
          this.send({ command: Command.CLIENT_ENDED, connectionId: frame.connectionId });
        }
        this.changed();
      },
      drained: () => {},
      closed: () => {},
    });
  }

  send(fields: Partial<Frame>): void {
    this.link.send({ ...emptyFrame(), flags: Flag.PLAIN_BODY, ...fields });
  }
}

/** A gateway without sockets: its clients are fakes, its workers sit at memory links, its time stands still. */
export class GatewayScene {
  readonly clock = new ManualClock();
  readonly gateway: Gateway;

  private constructor(config: GatewayConfig) {
    this.gateway = new Gateway(config, {
      log: pino({ level: 'silent' }),
      clock: this.clock,
      address: { ip: 0x7f000001, port: 2900 },
      node: 'test',
      cluster: { secretKey: '', pingInterval: 25 },
    });
  }

  /** @param gateway its settings; with `listen` it has real ports, until the test is over */
  static async create(t: TestContext, gateway: Partial<GatewayConfig> = {}): Promise<GatewayScene> {
    const { config } = await loadJson(t, { gateway });
    const settings = config.gateway as GatewayConfig;
    const scene = new GatewayScene({
      ...settings,
      listen: gateway.listen === undefined ? [] : settings.listen,
    });
    await scene.gateway.listen();
    if (gateway.listen !== undefined) {
      t.after(async () => {
        for (const { connection: transport } of scene.gateway.directory.clients()) transport.destroy();
        await scene.gateway.close(1000);
      });
    }
    return scene;
  }

  /** @param handshakes whether it has an onHandshake @param requests and an onRequest */
  addWorker(
    bufferSize = 1_000_000,
    { name = 'memory a', local = true, handshakes = false, requests = false } = {},
  ): FakeWorker {
    const [near, far] = memoryLinkPair(bufferSize, { name, handshakes, requests });
    this.gateway.addWorker(near, { local });
    return new FakeWorker(far);
  }

  /** A client comes in. */
  join(transport = new FakeTransport()): { transport: FakeTransport; id: number } {
    this.gateway.clients.opened(transport);
    return { transport, id: (transport.client as { id: number }).id };
  }

  say(transport: FakeTransport, text: string): void {
    this.gateway.clients.message(transport, Buffer.from(text), false);
  }
}

/** One turn of the event loop, in which what was sent over a memory link crosses it. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => void setImmediate(resolve));
}

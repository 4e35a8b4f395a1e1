import { textProtocol } from '#src/gateway/protocols/text-protocol.js';
import { ListenerContext } from '#src/gateway/protocols/listener-context.js';
import type { ClientProtocol, Connection, Flow } from '#src/gateway/protocols/protocol.js';
import { Observed, ProtocolHost } from './protocol-host.js';

/** A client's connection that only writes down what is done to it. */
export class FakeTransport extends Observed implements Connection {
  readonly protocol: ClientProtocol;
  remoteAddress = '10.0.0.1';
  readonly remotePort = 40_000;
  readonly listener: ListenerContext;
  readonly bytesIn = 0;
  readonly bytesOut = 0;
  client: unknown;
  /** What the operating system has not taken yet: the test says. */
  bufferedBytes = 0;
  flow: Flow | undefined;
  readonly writes: Buffer[] = [];
  pings = 0;
  paused = false;
  ending: 'closed' | 'finished' | 'destroyed' | undefined;

  constructor(protocol: ClientProtocol = textProtocol, listener: ListenerContext = fakeListener()) {
    super();
    this.protocol = protocol;
    this.listener = listener;
  }

  /** Everything written so far, as text. */
  get written(): string {
    return Buffer.concat(this.writes).toString();
  }

  write(bytes: Buffer): void {
    // they may change later
    this.writes.push(Buffer.from(bytes));
    this.changed();
  }

  ping(): void {
    this.pings++;
  }

  pause(): void {
    this.paused = true;
    this.changed();
  }

  resume(): void {
    this.paused = false;
    this.changed();
  }

  close(): void {
    this.ending ??= 'closed';
  }

  finish(): void {
    this.ending ??= 'finished';
  }

  destroy(): void {
    this.ending ??= 'destroyed';
  }
}

function fakeListener(): ListenerContext {
  const options = { url: 'text://127.0.0.1:8283', maxPackageSize: 8 * 1024 * 1024, udpIdleTimeout: 60 };
  return new ListenerContext(options, new ProtocolHost());
}

import { textProtocol } from '#src/gateway/protocols/text.js';
import type { ClientProtocol, ClientTransport } from '#src/gateway/protocols/protocol.js';
import { Observed } from './protocol-host.js';

/** A client's connection that only writes down what is done to it. */
export class FakeTransport extends Observed implements ClientTransport {
  readonly protocol: ClientProtocol;
  remoteAddress = '10.0.0.1';
  readonly remotePort = 40_000;
  readonly localPort = 8283;
  readonly bytesIn = 0;
  readonly bytesOut = 0;
  client: unknown;
  /** What the operating system has not taken yet: the test says. */
  bufferedBytes = 0;
  readonly writes: Buffer[] = [];
  pings = 0;
  paused = false;
  ending: 'closed' | 'destroyed' | undefined;

  constructor(protocol: ClientProtocol = textProtocol) {
    super();
    this.protocol = protocol;
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

  destroy(): void {
    this.ending ??= 'destroyed';
  }
}

import type {
  Admission,
  Arrival,
  ClientHost,
  Connection,
  HandshakeRequest,
  HttpExchange,
} from '#src/gateway/protocols/protocol.js';

/** Something whose changes a test can wait for. */
export class Observed {
  readonly #waiting = new Set<() => void>();

  /** Resolves as soon as `condition` holds; rejects when it does not within 5 seconds, naming `what` was waited for. */
  until(what: string, condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        this.#waiting.delete(check);
        reject(new Error(`Waited in vain for ${what}.`));
      }, 5_000);
      const check = (): void => {
        if (!condition()) return;
        clearTimeout(deadline);
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
    });
  }

  protected changed(): void {
    for (const check of this.#waiting) check();
  }
}

export interface ReceivedMessage {
  transport: Connection;
  data: Buffer;
  binary: boolean;
  named?: true;
}

/** A gateway that only writes down what its listeners report. */
export class ProtocolHost extends Observed implements ClientHost {
  /** What `admits` answers. */
  admitting = true;
  /** In the order of their coming, those that are gone too. */
  readonly clients: Connection[] = [];
  readonly handshakes: (HandshakeRequest | undefined)[] = [];
  readonly messages: ReceivedMessage[] = [];
  /** Once for each sign of life. */
  readonly signs: Connection[] = [];
  /** Those that say no more. */
  readonly over: Connection[] = [];
  readonly gone: Connection[] = [];
  /** How those ended, in the same order. */
  readonly ends: { code: number; reason: string; broken: boolean }[] = [];
  readonly refusals: { kind: string; remoteAddress: string; message: string }[] = [];
  /** What kinds of misbehaviour of clients there have been. */
  readonly misbehaviour: ('limit' | 'error')[] = [];
  /** Called for each message, within the listener's call. */
  onMessage: (message: ReceivedMessage) => void = () => {};

  /** Called when a client says no more, within that call: as if all that it said was answered already. */
  onEnded: (transport: Connection) => void = (transport) => transport.finish();

  /** Called when the listener asks whether a client may come in, within that call. */
  onAdmits: () => void = () => {};

  /** Whether handshakes are asked about. */
  asks = false;
  /** Those that have asked to come in, those that are gone too. */
  readonly arrivals: Arrival[] = [];
  /** Those that went away instead. */
  readonly away: Arrival[] = [];

  /** Whether plain HTTP requests are answered. */
  answers = false;
  /** Those that were asked, and those that are over. */
  readonly exchanges: HttpExchange[] = [];
  readonly pastExchanges: HttpExchange[] = [];

  readonly health = 'ok';

  arrived(arrival: Arrival): void {
    this.arrivals.push(arrival);
    this.changed();
  }

  left(arrival: Arrival): void {
    this.away.push(arrival);
    this.changed();
  }

  asked(exchange: HttpExchange): void {
    this.exchanges.push(exchange);
    this.changed();
  }

  hungUp(exchange: HttpExchange): void {
    this.pastExchanges.push(exchange);
    this.changed();
  }

  admits(): Admission {
    this.onAdmits();
    return this.admitting ? 'welcome' : 'full';
  }

  opened(transport: Connection, handshake?: HandshakeRequest): void {
    this.clients.push(transport);
    this.handshakes.push(handshake);
    transport.greet?.(`client ${this.clients.length}`);
    this.changed();
  }

  message(transport: Connection, data: Buffer, binary: boolean, named = false): void {
    const message = { transport, data: Buffer.from(data), binary, ...(named && { named }) };
    this.messages.push(message);
    this.onMessage(message);
    this.changed();
  }

  alive(transport: Connection): void {
    this.signs.push(transport);
    this.changed();
  }

  ended(transport: Connection): void {
    this.over.push(transport);
    this.onEnded(transport);
    this.changed();
  }

  closed(transport: Connection, code = 0, reason = '', broken = false): void {
    this.gone.push(transport);
    this.ends.push({ code, reason, broken });
    this.changed();
  }

  refused(kind: string, remoteAddress: string, message: string): void {
    this.refusals.push({ kind, remoteAddress, message });
    this.changed();
  }

  misbehaved({ remoteAddress }: Connection, by: 'limit' | 'error', kind: string, message: string): void {
    this.misbehaviour.push(by);
    this.refused(kind, remoteAddress, message);
  }

  /** Waits for the next client to come in, calling `connect` for it. */
  async join<Client>(connect: () => Promise<Client>): Promise<[Connection, Client]> {
    const index = this.clients.length;
    const client = await connect();
    await this.until('a client to come in', () => this.clients.length > index);
    return [this.clients[index], client];
  }

  /** What one client has sent so far. */
  from(transport: Connection): Buffer[] {
    return this.messages.filter((message) => message.transport === transport).map(({ data }) => data);
  }
}

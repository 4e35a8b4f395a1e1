import type { LogOnce } from '../base/log-once.js';
import type { GatewayConfig } from '../config/schema.js';
import { Flag } from '../wire/command.js';
import type { ClientRecord } from './client-record.js';
import type { ClientWatcher } from './client-watcher.js';
import type { Counters } from './counters.js';
import type { Interest } from './interest.js';
import { Outbox } from './outbox.js';
import { OutgoingMessage } from './outgoing-message.js';

/** Bytes from which on it pays to ask whether a message can be sent before it is encoded. */
const LONG_MESSAGE = 4096;

export type DeliveryConfig = Pick<GatewayConfig, 'sendToClientBufferSize' | 'slowClient' | 'pingData'>;

/** What goes out to clients: at the end of a tick, if the client takes it. */
export class Delivery {
  /** Told of what clients are sent. */
  watcher: ClientWatcher | undefined;
  readonly #config: DeliveryConfig;
  readonly #counters: Counters;
  readonly #problems: LogOnce;
  readonly #interest: Pick<Interest, 'flush'>;
  readonly #outbox: Outbox<ClientRecord>;
  readonly #pingMessage: OutgoingMessage | undefined;

  constructor(
    config: DeliveryConfig,
    counters: Counters,
    problems: LogOnce,
    interest: Pick<Interest, 'flush'>,
  ) {
    this.#config = config;
    this.#counters = counters;
    this.#problems = problems;
    this.#interest = interest;
    this.#outbox = new Outbox((client, bytes, messages) => this.#write(client, bytes, messages));
    if (config.pingData !== '')
      this.#pingMessage = new OutgoingMessage(Buffer.from(config.pingData), Flag.PLAIN_BODY);
  }

  /** Sends to one client at the end of this tick. */
  deliver(client: ClientRecord, message: OutgoingMessage): void {
    if (client.gone) return;
    // one that would be dropped is not encoded first: a flood would make garbage faster than it is collected
    if (message.length > LONG_MESSAGE && this.#isTooSlow(client, 1)) return;
    this.watcher?.sent(client, message);
    const bytes = message.encodedFor(client);
    if (client.connection.protocol.datagrams) this.#write(client, bytes, 1);
    else this.#outbox.push(client, bytes);
  }

  /** Sends now what one client was to be sent at the end of this tick: before its connection is closed. */
  flush(client: ClientRecord): void {
    this.#outbox.flushClient(client);
  }

  /** Asks a client for a sign of life, at once. */
  ping(client: ClientRecord): void {
    if (this.#pingMessage === undefined) {
      client.connection.ping();
    } else {
      this.deliver(client, this.#pingMessage);
      // at once: the heartbeat has to know which bytes are its own
      this.#outbox.flushClient(client);
    }
  }

  #write(client: ClientRecord, bytes: Buffer, messages: number): void {
    if (client.gone || this.#isTooSlow(client, messages)) return;
    this.#counters.messagesOut += messages;
    client.connection.listener.bytesOut += bytes.length;
    // a client that learns of who has come may tell other nodes
    this.#interest.flush();
    client.connection.write(bytes);
  }

  /** Whether messages to a client are dropped because it does not read what it was sent before; by policy it is closed. */
  #isTooSlow(client: ClientRecord, messages: number): boolean {
    const { sendToClientBufferSize, slowClient } = this.#config;
    const waiting = client.connection.bufferedBytes;
    // looks at what waits already, so that one message larger than the buffer passes
    if (waiting <= sendToClientBufferSize) return false;
    this.#counters.messagesDropped += messages;
    this.watcher?.noted(
      client,
      'lost',
      `${messages} sent: ${waiting} bytes wait that it has not read, ${sendToClientBufferSize} may`,
    );
    if (slowClient === 'drop' || client.tooSlow) return true;
    client.tooSlow = true;
    this.#counters.slowClients++;
    this.#problems.warn(
      'slow client',
      { remoteAddress: client.connection.remoteAddress, waiting },
      `a client takes less than it is sent: ${waiting} bytes wait for it, ${sendToClientBufferSize} may (sendToClientBufferSize); it is closed`,
    );
    client.connection.destroy();
    return true;
  }
}

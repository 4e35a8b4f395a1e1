import type { ClientRecord } from './client-record.js';
import type { OutgoingMessage } from './outgoing-message.js';

/**
 * What is told of a client beside its messages.
 *
 * From it: `end`, it sends no more. To it: `kick`, it is closed; `destroy`, at once; `lost`, something that it sent, or was to
 * be sent, is dropped. The others are about it: `pause` and `resume` of reading it, `worker`, it goes to another one.
 */
export type ClientNote =
  | 'end'
  | 'kick'
  | 'destroy'
  | 'lost'
  | 'uid'
  | 'group'
  | 'session'
  | 'route'
  | 'worker'
  | 'pause'
  | 'resume';

/**
 * Who is told of all that happens to clients, while somebody wants to know. Those who tell have it as a field that is
 * undefined most of the time, and is looked at once for each message and each client that it goes to.
 */
export interface ClientWatcher {
  /** @param url of a websocket's handshake */
  came(client: ClientRecord, url: string | undefined): void;
  /** @param data as `ClientHost.message` has it: read at once, or copied. @param flags of the event */
  received(client: ClientRecord, data: Buffer, flags: number): void;
  sent(client: ClientRecord, message: OutgoingMessage): void;
  /** @param text in words, or bytes that say it. Where something goes, it is still there */
  noted(client: ClientRecord, note: ClientNote, text: string | Buffer): void;
  /** @param end wire/client-end.ts */
  left(client: ClientRecord, end: Buffer): void;
}

/** Who is told of clients that come and go and of what they send, for as long as the gateway lives. */
export type ClientMirror = Pick<ClientWatcher, 'came' | 'received' | 'left'>;

/** Tells a mirror, and a watcher while there is one. */
export class MirrorAndWatcher implements ClientWatcher {
  readonly #mirror: ClientMirror;
  readonly #watcher: ClientWatcher | undefined;

  constructor(mirror: ClientMirror, watcher: ClientWatcher | undefined) {
    this.#mirror = mirror;
    this.#watcher = watcher;
  }

  came(client: ClientRecord, url: string | undefined): void {
    this.#mirror.came(client, url);
    this.#watcher?.came(client, url);
  }

  received(client: ClientRecord, data: Buffer, flags: number): void {
    this.#mirror.received(client, data, flags);
    this.#watcher?.received(client, data, flags);
  }

  sent(client: ClientRecord, message: OutgoingMessage): void {
    this.#watcher?.sent(client, message);
  }

  noted(client: ClientRecord, note: ClientNote, text: string | Buffer): void {
    this.#watcher?.noted(client, note, text);
  }

  left(client: ClientRecord, end: Buffer): void {
    this.#mirror.left(client, end);
    this.#watcher?.left(client, end);
  }
}

import { isUtf8 } from 'node:buffer';
import type { LogOnce } from '../base/log-once.js';
import type { ClientRecord } from '../gateway/client-record.js';
import type { ClientMirror } from '../gateway/client-watcher.js';
import { formatRemote } from '../net/address.js';
import { decodeClientEnd } from '../wire/client-end.js';
import { Flag } from '../wire/command.js';
import { NAMED_BYTES, base64Text } from '../wire/named-bytes.js';
import type { MessageCarrier } from './message-queue.js';
import type { Subjects } from './subjects.js';

/*
 * What clients do, for other programs: JSON, which docs/backbone.md describes. Nothing of it is kept: while there is no server,
 * or it takes less than clients send, events are left out, and their numbers with them.
 */

export type MirroredEvent = 'connect' | 'close' | 'message';

/** Bytes that may be on their way to the server without its having confirmed them. */
const WINDOW = 4 * 2 ** 20;

interface Channel {
  readonly subject: string;
  /** Of the last event. */
  number: number;
}

export interface ClientEventsOptions {
  readonly events: readonly MirroredEvent[];
  readonly subjects: Subjects;
  readonly carrier: MessageCarrier;
  /** The names of the cell and the node. */
  readonly cell: string;
  readonly node: string;
  readonly clientIdOf: (client: ClientRecord) => string;
  readonly problems: LogOnce;
}

/** Publishes what the clients of this node's gateway do, as far as `cluster.backbone.events` names it. */
export class ClientEvents implements ClientMirror {
  readonly #options: ClientEventsOptions;
  readonly #channels = new Map<MirroredEvent, Channel>();
  #unconfirmed = 0;
  #asking = false;
  /** Events that were left out since that was said. */
  #lost = 0;

  constructor(options: ClientEventsOptions) {
    this.#options = options;
    for (const event of options.events)
      this.#channels.set(event, { subject: options.subjects.events(event), number: 0 });
  }

  came(client: ClientRecord): void {
    const channel = this.#channels.get('connect');
    if (channel === undefined) return;
    const { connection } = client;
    const fields = { remoteAddress: formatRemote(connection), listener: connection.listener.url };
    this.#publish(channel, this.#json(channel, client, fields));
  }

  received(client: ClientRecord, data: Buffer, flags: number): void {
    const channel = this.#channels.get('message');
    if (channel === undefined) return;
    const json = this.#json(channel, client, messageFields(data, flags));
    const fits = Buffer.byteLength(json) <= this.#options.carrier.maxPayload;
    this.#publish(channel, fits ? json : this.#json(channel, client, { omitted: data.length }));
  }

  left(client: ClientRecord, end: Buffer): void {
    const channel = this.#channels.get('close');
    if (channel !== undefined) this.#publish(channel, this.#json(channel, client, decodeClientEnd(end)));
  }

  /** Says what was left out. */
  sweep(): void {
    if (this.#lost === 0) return;
    this.#options.problems.warn(
      'backbone events',
      { lost: this.#lost },
      `${this.#lost} events of clients are not published: there is no connection to NATS, or it takes less than they send`,
    );
    this.#lost = 0;
  }

  #json(channel: Channel, client: ClientRecord, fields: object): string {
    const { cell, node, clientIdOf } = this.#options;
    const { uid = null } = client;
    const number = channel.number + 1;
    return JSON.stringify({
      cell,
      node,
      number,
      time: Date.now(),
      clientId: clientIdOf(client),
      uid,
      ...fields,
    });
  }

  #publish(channel: Channel, json: string): void {
    channel.number++;
    const payload = Buffer.from(json);
    const { carrier } = this.#options;
    if (this.#unconfirmed + payload.length > WINDOW || !carrier.publish(channel.subject, payload)) {
      this.#lost++;
      return;
    }
    this.#unconfirmed += payload.length;
    if (!this.#asking && this.#unconfirmed > WINDOW / 4) void this.#confirm();
  }

  async #confirm(): Promise<void> {
    this.#asking = true;
    const bytes = this.#unconfirmed;
    // what a broken connection had is gone as well
    await this.#options.carrier.confirmed();
    this.#unconfirmed -= bytes;
    this.#asking = false;
  }
}

/** Text, or bytes as base64. */
function messageFields(data: Buffer, flags: number): { message: string } | { base64: string } {
  if ((flags & NAMED_BYTES) === NAMED_BYTES) return { message: base64Text(data).toString() };
  const binary = (flags & Flag.BINARY) !== 0 || !isUtf8(data);
  return binary ? { base64: data.toString('base64') } : { message: data.toString() };
}

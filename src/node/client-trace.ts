import { type Clock, type Timer } from '../base/clock.js';
import type { ClientNote, ClientWatcher } from '../gateway/client-watcher.js';
import type { ClientRecord } from '../gateway/client-record.js';
import type { OutgoingMessage } from '../gateway/outgoing-message.js';
import { formatRemote } from '../net/address.js';
import { STOPPED, type TraceEnd, type TraceEntry, type TracePart } from '../ops/requests/trace.js';
import { decodeClientEnd } from '../wire/client-end.js';
import type { TraceFilter } from './trace-filter.js';
import { TraceLog } from './trace-log.js';
import { shownBytes, shownMessage, shownText } from './trace-text.js';

/** Milliseconds that a trace is kept while nobody asks for it. */
const PATIENCE = 30_000;
/** Clients of which a trace says that they are here when it begins. */
const SHOWN_CLIENTS = 20;
/** Groups of a client that are named there. */
const SHOWN_GROUPS = 5;

const DIRECTIONS: Readonly<Partial<Record<TraceEntry['what'], TraceEntry['direction']>>> = {
  connect: 'in',
  message: 'in',
  end: 'in',
  close: 'in',
  send: 'out',
  kick: 'out',
  destroy: 'out',
};

export interface ClientTraceOptions {
  readonly id: string;
  readonly filter: TraceFilter;
  /** Messages as a whole. */
  readonly payload: boolean;
  readonly clock: Clock;
  readonly clientIdOf: (client: ClientRecord) => string;
  /** It is over, and nobody asks for it any more. */
  readonly onEnd: (trace: ClientTrace) => void;
}

/** One trace: what happens to a client, or some, until somebody reads it. */
export class ClientTrace implements ClientWatcher {
  readonly id: string;
  readonly #options: ClientTraceOptions;
  readonly #log = new TraceLog();
  /** Those of whom it has been said who they are. */
  readonly #known = new WeakSet<ClientRecord>();
  /** Those that it has said are not read. */
  readonly #paused = new WeakSet<ClientRecord>();
  #ended: TraceEnd | null = null;
  #timer: Timer | undefined;

  constructor(options: ClientTraceOptions) {
    this.#options = options;
    this.id = options.id;
    let shown = 0;
    for (const client of options.filter.clients()) {
      if (shown++ >= SHOWN_CLIENTS) break;
      this.#introduce(client);
    }
  }

  came(client: ClientRecord, url = ''): void {
    if (!this.#options.filter.matches(client)) return;
    this.#add(client, 'connect', { text: [nameOf(client), url].join(' ').trimEnd() });
  }

  received(client: ClientRecord, data: Buffer, flags: number): void {
    const { filter, payload } = this.#options;
    if (filter.matches(client)) this.#add(client, 'message', shownMessage(data, flags, payload));
  }

  sent(client: ClientRecord, { body, flags }: OutgoingMessage): void {
    const { filter, payload } = this.#options;
    if (filter.matches(client)) this.#add(client, 'send', shownMessage(body, flags, payload));
  }

  noted(client: ClientRecord, note: ClientNote, text: string | Buffer): void {
    const { filter, payload } = this.#options;
    if (!filter.matches(client) || !this.#isNews(client, note)) return;
    if (note === 'uid' || note === 'group') this.#introduce(client);
    this.#add(client, note, typeof text === 'string' ? { text } : shownBytes(text, payload));
  }

  left(client: ClientRecord, end: Buffer): void {
    const { filter, clientIdOf } = this.#options;
    if (!filter.matches(client)) return;
    const { by, code, reason } = decodeClientEnd(end);
    this.#add(client, 'close', { text: [`by ${by}`, code > 0 ? code : '', reason].join(' ').trimEnd() });
    if (filter.client === client) {
      this.#ended = { by: 'closed', message: `The client ${clientIdOf(client)} has gone.` };
    }
  }

  /** What has happened since, for whom it is kept again. @param after the number of an entry */
  read(after: number, stop: boolean): TracePart {
    const { filter, clock } = this.#options;
    const { last, newest, ...read } = this.#log.read(after);
    const ended = stop ? STOPPED : newest ? this.#ended : null;
    this.#timer?.cancel();
    if (ended === null) this.#timer = clock.setTimeout(() => this.close(), PATIENCE);
    else this.close();
    return { ...read, clients: filter.count(), next: ended === null ? `${this.id}.${last}` : null, ended };
  }

  close(): void {
    this.#timer?.cancel();
    this.#options.onEnd(this);
  }

  /** Who a client is that this was not about before. */
  #introduce(client: ClientRecord): void {
    if (this.#known.has(client)) return;
    this.#known.add(client);
    this.#add(client, 'here', { text: summaryOf(client) });
  }

  /** Everybody rests for a moment after many messages: reading goes on of those that were said to be paused. */
  #isNews(client: ClientRecord, note: ClientNote): boolean {
    if (note === 'pause') this.#paused.add(client);
    return note !== 'resume' || this.#paused.delete(client);
  }

  #add(
    client: ClientRecord,
    what: TraceEntry['what'],
    shown: Pick<TraceEntry, 'text' | 'size' | 'binary' | 'cut'>,
  ): void {
    const { clientIdOf } = this.#options;
    const direction = DIRECTIONS[what] ?? 'about';
    this.#log.push({ time: Date.now(), clientId: clientIdOf(client), direction, what, ...shown });
  }
}

function summaryOf(client: ClientRecord): string {
  const { uid, groups, peer, reading } = client;
  const words = [nameOf(client)];
  if (uid !== undefined) words.push(`uid ${shownText(uid, false).text}`);
  const names = [...(groups ?? [])].slice(0, SHOWN_GROUPS).map((group) => shownText(group, false).text);
  if (names.length > 0) words.push(`groups ${names.join(', ')}${groups?.size === names.length ? '' : ', …'}`);
  if (peer !== undefined) words.push(`worker ${peer.name}`);
  if (!reading) words.push('is not read for now');
  return words.join('; ');
}

function nameOf({ connection }: ClientRecord): string {
  return `${connection.protocol.name} from ${formatRemote(connection)}`;
}

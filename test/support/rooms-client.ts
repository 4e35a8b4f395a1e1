import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type RawData, WebSocket } from 'ws';
import { hashOf, highest } from '#src/gateway/rendezvous.js';
import { LIMIT } from './inbox.js';

/** What a message may be: see test/fixtures/events/rooms. */
export type RoomsWord = 'say' | 'later' | 'route' | 'wide' | 'twice' | 'late-route' | 'exit';

/** Words after which the client belongs to the owner of the key that they name. */
const ROUTES: readonly string[] = ['route', 'wide', 'twice', 'late-route'];

/** Who owns a key, of workers with these names. */
export function ownerOf(key: string, workers: readonly string[]): string | undefined {
  return highest(
    key,
    workers.map((name) => ({ name, hash: hashOf(name) })),
  )?.name;
}

/**
 * A client of test/fixtures/events/rooms that numbers its messages and checks every answer: that they come in order, that
 * the session has counted every message, and that each message behind one that gives a key was handled by its owner.
 */
export class RoomsClient {
  readonly socket: WebSocket;
  /** Faults, in words. */
  readonly faults: string[] = [];
  sent = 0;
  answered = 0;
  /** The worker that gave the last answer. */
  worker = '';
  /** The workers and threads that answered, each once, in the order of their first answers. */
  readonly workers = new Set<string>();
  readonly threads = new Set<string>();
  readonly #owner: (key: string) => string | undefined;
  /** Whether no message may be lost, so that the session's count is exact. */
  readonly #exact: boolean;
  /** Who is to handle each message that has no answer yet; undefined where anybody may. */
  readonly #waiting = new Map<number, string | undefined>();
  /** The owner of its key. */
  #belongs: string | undefined;
  #last = -1;
  #onAnswer: () => void = () => {};

  private constructor(socket: WebSocket, owner: (key: string) => string | undefined, exact: boolean) {
    this.socket = socket;
    this.#owner = owner;
    this.#exact = exact;
    socket.on('message', (data: RawData) => this.#receive((data as Buffer).toString()));
    socket.on('error', () => {});
    socket.on('close', () => this.#onAnswer());
  }

  /** @param owner who owns a key; undefined where that is not known */
  static async connect(
    url: string,
    owner: (key: string) => string | undefined,
    { exact = true } = {},
  ): Promise<RoomsClient> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const client = new RoomsClient(socket, owner, exact);
    await once(socket, 'open', { signal: AbortSignal.timeout(LIMIT) });
    return client;
  }

  /** The numbers of messages without an answer. */
  get unanswered(): number[] {
    return [...this.#waiting.keys()];
  }

  /** @returns the message's number */
  send(word: RoomsWord, argument = ''): number {
    const number = this.sent++;
    this.#waiting.set(number, this.#belongs);
    if (ROUTES.includes(word)) this.#belongs = this.#owner(argument);
    this.socket.send(`${number} ${word} ${argument}`);
    return number;
  }

  /** Resolves when this message, or one behind it, is answered. */
  async until(number: number): Promise<void> {
    const deadline = setTimeout(() => this.socket.terminate(), LIMIT);
    while (this.#last < number && this.socket.readyState === WebSocket.OPEN) {
      await new Promise<void>((resolve) => (this.#onAnswer = resolve));
    }
    clearTimeout(deadline);
    assert.ok(
      this.#last >= number,
      `no answer to message ${number}; unanswered: ${this.unanswered.slice(0, 9).join(' ')}`,
    );
  }

  /** Sends one more message, and resolves with its answer. */
  async fence(): Promise<void> {
    await this.until(this.send('say'));
  }

  async close(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.socket, 'close');
    this.socket.close();
    await closed;
  }

  #receive(answer: string): void {
    const [said, count, worker, thread] = answer.split(' ');
    const number = Number(said);
    this.worker = worker;
    this.workers.add(worker);
    this.threads.add(thread);
    if (!this.#waiting.has(number)) this.faults.push(`a second answer to ${number}`);
    const owner = this.#waiting.get(number);
    this.#waiting.delete(number);
    this.answered++;
    if (number < this.#last) this.faults.push(`${number} was answered after ${this.#last}`);
    this.#last = Math.max(this.#last, number);
    if (owner !== undefined && owner !== worker)
      this.faults.push(`${number} was ${owner}'s, and ${worker} had it`);
    if (this.#exact && Number(count) !== number + 1) this.faults.push(`${number} was counted as ${count}`);
    this.#onAnswer();
  }
}

import { once } from 'node:events';
import { type RawData, WebSocket } from 'ws';
import { LIMIT } from './inbox.js';

/** Inputs that are sent with the first word. */
const AT_ONCE = 3;

/** A player of test/fixtures/events/game, who counts the rounds, and tells what is not as it has to be. */
export class Player {
  readonly room: number;
  inputs = 0;
  ticks = 0;
  readonly faults: string[] = [];
  /** The rooms of this number that it has seen, one after another. */
  readonly lives: number[] = [];
  /** Milliseconds between two rounds, at most. */
  longestPause = 0;
  readonly #socket: WebSocket;
  #last = 0;
  #lastAt = 0;
  #onTick: { readonly until: number; readonly resolve: () => void } | undefined;
  #onEnd: ((last: number) => void) | undefined;

  private constructor(room: number, socket: WebSocket) {
    this.room = room;
    this.#socket = socket;
    socket.on('message', (data: RawData) => this.#receive((data as Buffer).toString()));
    socket.on('close', () => this.faults.push('disconnected'));
    // shows as the close that follows
    socket.on('error', () => {});
  }

  static async connect(url: string, room: number): Promise<Player> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const player = new Player(room, socket);
    await once(socket, 'open', { signal: AbortSignal.timeout(LIMIT) });
    return player;
  }

  /** Which room of its number it is in. */
  get life(): number {
    return this.lives.at(-1) ?? 0;
  }

  say(word: string): void {
    this.#socket.send(word);
  }

  begin(): void {
    this.say(`room ${this.room}`);
    for (let n = 0; n < AT_ONCE; n++) this.input();
  }

  input(): void {
    this.say(`in ${this.inputs++}`);
  }

  async ticked(rounds: number): Promise<void> {
    await new Promise<void>((resolve) => (this.#onTick = { until: this.ticks + rounds, resolve }));
  }

  /** Resolves when all of its inputs have been handled. */
  async end(): Promise<void> {
    const last = new Promise<number>((resolve) => (this.#onEnd = resolve));
    this.say('last');
    if ((await last) !== this.inputs - 1) this.faults.push(`${await last} of ${this.inputs} inputs`);
  }

  async close(): Promise<void> {
    this.#socket.removeAllListeners('close');
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }

  #receive(message: string): void {
    const [word, first, second] = message.split(' ');
    if (word === 'tick') this.#tick(Number(first), Number(second));
    else if (word === 'last') this.#onEnd?.(Number(first));
    else this.faults.push(message);
  }

  #tick(tick: number, life: number): void {
    const now = performance.now();
    if (this.lives.length === 0) {
      this.lives.push(life);
    } else if (life === this.life) {
      if (tick !== this.#last + 1) this.faults.push(`tick ${tick} after ${this.#last} in room ${this.room}`);
      this.longestPause = Math.max(this.longestPause, now - this.#lastAt);
    } else {
      this.lives.push(life);
      if (tick !== 1) this.faults.push(`tick ${tick} as the first of a new room ${this.room}`);
    }
    this.#last = tick;
    this.#lastAt = now;
    this.ticks++;
    if (this.#onTick !== undefined && this.ticks >= this.#onTick.until) this.#onTick.resolve();
  }
}

import { StringDecoder } from 'node:string_decoder';
import type { Clock, Timer } from './clock.js';
import { createLogger, type Logger } from './log.js';

/** What user code prints, by `console` or by itself. */
export type PrintStream = 'stdout' | 'stderr';

type Callback = (error?: Error | null) => void;

/**
 * Takes over what this thread prints to a stream. Nothing of it reaches the stream itself any more, so that no reader
 * can stop whoever prints, nor end it by going away.
 *
 * @returns gives the stream back
 */
export function takeOver(name: PrintStream, take: (stream: PrintStream, text: string) => void): () => void {
  const stream = process[name];
  const decoder = new StringDecoder();
  // node's own loggers see by this that somebody stands before the stream, and pino then writes to it and not to its descriptor
  stream.write = (
    chunk: string | Uint8Array,
    encoding?: BufferEncoding | Callback,
    callback?: Callback,
  ): boolean => {
    const text =
      typeof chunk !== 'string'
        ? decoder.write(chunk)
        : typeof encoding === 'string' && !/^utf-?8$/i.test(encoding)
          ? Buffer.from(chunk, encoding).toString()
          : chunk;
    if (text !== '') take(name, text);
    const done = typeof encoding === 'function' ? encoding : callback;
    if (done) process.nextTick(done);
    return true;
  };
  return () => void Reflect.deleteProperty(stream, 'write');
}

/** Milliseconds after which text without a newline is a line all the same. */
const PATIENCE = 200;
/** Characters after which it is one at once. */
const LONGEST = 64 * 1024;

export interface PrintedLinesOptions {
  readonly clock: Clock;
  /** Writes a line of JSON. */
  readonly writeLine: (line: string) => void;
  /** What every line has beside its stream. */
  readonly fields: object;
}

/**
 * Makes lines of the log of what was printed, whatever the log's level is. What is printed at once is one line, with the
 * newlines in it; what does not end with one waits for its rest.
 */
export class PrintedLines {
  readonly #options: PrintedLinesOptions;
  readonly #rests = new Map<PrintStream, { text: string; timer: Timer }>();
  #logger: Logger | undefined;

  constructor(options: PrintedLinesOptions) {
    this.#options = options;
  }

  readonly add = (stream: PrintStream, text: string): void => {
    const rest = this.#rests.get(stream);
    rest?.timer.cancel();
    this.#rests.delete(stream);
    const whole = rest === undefined ? text : rest.text + text;
    const end = whole.lastIndexOf('\n');
    if (end >= 0) this.#write(stream, whole.slice(0, end));
    const left = whole.slice(end + 1);
    if (left === '') return;
    if (left.length > LONGEST) {
      this.#write(stream, left);
      return;
    }
    const timer = this.#options.clock.setTimeout(() => this.#flush(stream), PATIENCE);
    this.#rests.set(stream, { text: left, timer });
  };

  /** Nothing follows. */
  close(): void {
    for (const stream of this.#rests.keys()) this.#flush(stream);
  }

  #flush(stream: PrintStream): void {
    const rest = this.#rests.get(stream);
    if (rest === undefined) return;
    rest.timer.cancel();
    this.#rests.delete(stream);
    this.#write(stream, rest.text);
  }

  #write(stream: PrintStream, msg: string): void {
    const { writeLine, fields } = this.#options;
    this.#logger ??= createLogger({ level: 'info', destination: { write: writeLine } });
    this.#logger[stream === 'stdout' ? 'info' : 'warn']({ ...fields, stream }, msg);
  }
}

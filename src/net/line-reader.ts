import { type ErrorCode, GatewayError } from '../base/errors.js';

const LINE_FEED = 0x0a;

export interface LineReaderOptions {
  /** Bytes of the longest line, its line feed not counted. */
  readonly limit: number;
  /** Where the bytes come from, and the code of the error that a longer line is: for its message. */
  readonly source: string;
  readonly code: ErrorCode;
}

/** Cuts the bytes of a stream into lines of bounded length. */
export class LineReader {
  readonly #options: LineReaderOptions;
  /** The beginning of a line whose end has not come yet. */
  #parts: Buffer[] = [];
  #size = 0;

  constructor(options: LineReaderOptions) {
    this.#options = options;
  }

  /**
   * The lines that end in this chunk, without their line feeds.
   *
   * @throws GatewayError of the code that the options name, for a line above the limit; the stream is then of no more use
   */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start);
      this.#keep(chunk.subarray(start, end === -1 ? undefined : end));
      if (end === -1) return lines;
      lines.push(Buffer.concat(this.#parts, this.#size).toString());
      this.#parts = [];
      this.#size = 0;
      start = end + 1;
    }
  }

  #keep(part: Buffer): void {
    this.#size += part.length;
    const { limit, source, code } = this.#options;
    if (this.#size > limit) {
      throw new GatewayError(
        code,
        `A line on ${source} is longer than ${limit} bytes: expected one JSON object per line.`,
      );
    }
    this.#parts.push(part);
  }
}

import { GatewayError } from '../errors.js';

const LINE_FEED = 0x0a;

/** Cuts the bytes of a stream into lines of bounded length. */
export class LineReader {
  readonly #limit: number;
  /** The beginning of a line whose end has not come yet. */
  #parts: Buffer[] = [];
  #size = 0;

  /** @param limit bytes of the longest line, its line feed not counted */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * The lines that end in this chunk, without their line feeds.
   *
   * @throws GW_CONTROL for a line above the limit; the stream is then of no more use
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
    if (this.#size > this.#limit) {
      throw new GatewayError(
        'GW_CONTROL',
        `A line on the control socket is longer than ${this.#limit} bytes: expected one JSON object per line.`,
      );
    }
    this.#parts.push(part);
  }
}

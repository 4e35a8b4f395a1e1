import { GatewayError } from '../base/errors.js';

/** Sends that were accepted before it was known which gateways there are, in their order. */
export class EarlySends {
  readonly #bufferSize: number;
  #sends: Array<() => void> = [];
  #bytes = 0;

  /** @param bufferSize bytes; beyond twice as many no further one is taken */
  constructor(bufferSize: number) {
    this.#bufferSize = bufferSize;
  }

  /** @throws GW_OVERFLOW */
  add(bytes: number, send: () => void): void {
    if (this.#bytes > 2 * this.#bufferSize) {
      throw new GatewayError(
        'GW_OVERFLOW',
        `${this.#bytes} bytes wait until a Register has answered, more than twice the buffer (${this.#bufferSize}); await connect() before the first send.`,
      );
    }
    this.#sends.push(send);
    this.#bytes += bytes;
  }

  /** Whether more of them wait than the buffer size. */
  get congested(): boolean {
    return this.#bytes >= this.#bufferSize;
  }

  /** They are somebody else's from now on. */
  takeAll(): Array<() => void> {
    this.#bytes = 0;
    return this.#sends.splice(0);
  }
}

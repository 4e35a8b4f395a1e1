import type { Socket } from 'node:net';

/** The sending half of a socket: writes of one tick go out together, and it tells when more waits than may. */
export class SocketWriter {
  readonly #socket: Socket;
  readonly #bufferSize: number;
  #congested = false;
  #corked = false;
  readonly #uncork = (): void => this.flush();

  /**
   * @param bufferSize bytes that may wait; not below the socket's own high-water mark
   * @param onDrained called when little waits again, after `congested` was true
   */
  constructor(socket: Socket, bufferSize: number, onDrained: () => void) {
    this.#socket = socket;
    this.#bufferSize = Math.max(bufferSize, socket.writableHighWaterMark);
    socket.on('drain', () => {
      if (!this.#congested) return;
      this.#congested = false;
      onDrained();
    });
  }

  /** Bytes that were accepted and have not left. */
  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  /** Whether more waits than the buffer size, and `onDrained` is still to come. */
  get congested(): boolean {
    return this.#congested;
  }

  /** Writes what this tick has brought so far. */
  flush(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.#socket.uncork();
  }

  write(bytes: Buffer): void {
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      queueMicrotask(this.#uncork);
    }
    this.#socket.write(bytes);
    if (this.#socket.writableLength >= this.#bufferSize) this.#congested = true;
  }
}

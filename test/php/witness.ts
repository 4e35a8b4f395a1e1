import { once } from 'node:events';
import { type RawData, WebSocket } from 'ws';
import { Inbox, LIMIT } from '../support/inbox.js';
import { type Caller, type Outcome, base64 } from './caller.js';

/** A message as it came: `text:` or `binary:`, and its bytes as latin1, since PHP puts any bytes into text frames. */
type Seen = string;

/**
 * A websocket client of the event app that is here in PHP (events.php) and in TypeScript (test/fixtures/events/api). It sees
 * what it is sent, to the byte, and can have calls made by its worker.
 */
export class Witness implements Caller {
  /** Its client id. */
  id = '';
  /** The port that it came from. */
  port = 0;
  readonly #socket: WebSocket;
  readonly #inbox = new Inbox<Seen>('a witness');
  readonly #closed: Promise<unknown>;
  readonly #seen: Seen[] = [];

  private constructor(url: string, cookie: string) {
    this.#socket = new WebSocket(url, { headers: { cookie }, skipUTF8Validation: true });
    this.#socket.on('message', (data: RawData, binary: boolean) => {
      this.#inbox.put(`${binary ? 'binary' : 'text'}:${(data as Buffer).toString('latin1')}`);
    });
    this.#socket.on('upgrade', (response) => (this.port = response.socket.localPort ?? 0));
    // a reset connection also shows as its close
    this.#socket.on('error', () => {});
    this.#closed = new Promise((resolve) => {
      this.#socket.once('close', () => {
        this.#inbox.end(new Error('The websocket of a witness was closed.'));
        resolve(undefined);
      });
    });
  }

  /** Resolves when its worker knows it. */
  static async connect(
    url: string,
    { path = '/chat?room=1&name=a%20b', cookie = 'color=red; theme=dark' } = {},
  ): Promise<Witness> {
    const witness = new Witness(url + path, cookie);
    await once(witness.#socket, 'open', { signal: AbortSignal.timeout(LIMIT) });
    const { result } = await witness.call('describe', []);
    witness.id = (result as { id: string }).id;
    return witness;
  }

  get open(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Asks its worker to make a call. */
  request(call: string, args: readonly unknown[]): void {
    this.#socket.send(JSON.stringify({ call, args }, base64));
  }

  /** Has its worker make a call. */
  async call(call: string, args: readonly unknown[]): Promise<Outcome> {
    this.request(call, args);
    for (;;) {
      const message = await this.#inbox.next();
      if (/^text:\{(?:"result"|"error"|\})/.test(message)) {
        return JSON.parse(Buffer.from(message.slice('text:'.length), 'latin1').toString()) as Outcome;
      }
      this.#seen.push(message);
    }
  }

  send(message: string | Buffer): void {
    this.#socket.send(message);
  }

  /** Resolves when there is something that {@link seenBefore} will tell. */
  async seesSomething(): Promise<void> {
    if (this.#seen.length === 0) this.#seen.push(await this.#inbox.next());
  }

  /** What it saw since this was last asked, up to a text message that is `fence`. */
  async seenBefore(fence: string): Promise<Seen[]> {
    for (;;) {
      const at = this.#seen.indexOf(`text:${fence}`);
      if (at >= 0) return this.#seen.splice(0, at + 1).slice(0, at);
      this.#seen.push(await this.#inbox.next());
    }
  }

  /** What it saw until it was closed. */
  async seenAtLast(): Promise<Seen[]> {
    await this.#closed;
    while (this.#inbox.length > 0) this.#seen.push(await this.#inbox.next());
    return this.#seen.splice(0);
  }

  /** Closes the connection; resolves when it is gone. */
  async close(): Promise<void> {
    this.#socket.close();
    await this.#closed;
  }
}

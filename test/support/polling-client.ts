/** What parts the packets of a body. */
const SEPARATOR = '\x1e';

/** A client of Engine.IO on HTTP, request by request. */
export class PollingClient {
  readonly #url: string;
  /** Given by the server. */
  sid = '';

  /** @param url of the path: `http://127.0.0.1:1234/socket.io/` */
  constructor(url: string) {
    this.#url = `${url}?EIO=4&transport=polling`;
  }

  /** Opens a session. @returns what the server says of it */
  async open(): Promise<Record<string, unknown>> {
    const response = await fetch(this.#url);
    const text = await response.text();
    const opened = JSON.parse(text.slice(1)) as Record<string, unknown>;
    this.sid = opened.sid as string;
    return opened;
  }

  /** A GET. */
  async get(): Promise<{ status: number; body: string }> {
    return await this.#request({});
  }

  /** A POST of these packets. */
  async post(...packets: readonly string[]): Promise<{ status: number; body: string }> {
    return await this.#request({ method: 'POST', body: packets.join(SEPARATOR) });
  }

  /** The packets of the next GET. */
  async poll(): Promise<string[]> {
    const { status, body } = await this.get();
    if (status !== 200) throw new Error(`A GET was answered ${status}: ${body}`);
    return body.split(SEPARATOR);
  }

  async #request(init: RequestInit): Promise<{ status: number; body: string }> {
    const response = await fetch(`${this.#url}&sid=${this.sid}`, init);
    return { status: response.status, body: await response.text() };
  }
}

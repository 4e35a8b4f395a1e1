import assert from 'node:assert/strict';
import { WsClient, type WsMessage } from './ws-client.js';

/** How a call ended, as the event app of test/fixtures/events/api tells it. */
export interface Outcome<Result = unknown> {
  readonly result?: Result;
  readonly error?: { readonly name: string; readonly code?: string; readonly message: string };
}

/** A websocket client of that event app: it has calls of the Gateway API made, and sees what they send to it. */
export class ApiClient {
  readonly ws: WsClient;
  id = '';
  /** What came before the outcome of a call. */
  #messages: WsMessage[] = [];

  private constructor(ws: WsClient) {
    this.ws = ws;
  }

  static async connect(url: string): Promise<ApiClient> {
    const client = new ApiClient(await WsClient.connect(url));
    client.id = (await client.call<{ id: string }>('describe')).id;
    return client;
  }

  /** Makes a call and waits for its outcome. */
  async attempt<Result>(call: string, ...args: unknown[]): Promise<Outcome<Result>> {
    this.request(call, args);
    return await this.outcome();
  }

  /** The result of a call that succeeds. */
  async call<Result>(call: string, ...args: unknown[]): Promise<Result> {
    const { result, error } = await this.attempt<Result>(call, ...args);
    assert.equal(error, undefined, `${call} failed`);
    return result as Result;
  }

  /** The error of a call that is refused. */
  async refusal(call: string, ...args: unknown[]): Promise<{ code?: string; message: string }> {
    const { result, error } = await this.attempt(call, ...args);
    assert.equal(error?.name, 'GatewayError', `${call} gave ${JSON.stringify(result ?? error)}`);
    return error;
  }

  /** Asks for a call. */
  request(call: string, args: unknown[] = [], options: { afterAwait?: boolean } = {}): void {
    this.ws.send(JSON.stringify({ call, args, ...options }));
  }

  /** The outcome of the call that was asked for first and not waited for yet. */
  async outcome<Result>(): Promise<Outcome<Result>> {
    for (;;) {
      const message = await this.ws.next();
      const isOutcome = typeof message === 'string' && /^\{(?!"event")/.test(message);
      if (isOutcome) return JSON.parse(message) as Outcome<Result>;
      this.#messages.push(message);
    }
  }

  /** What it was sent since this was last asked, up to a message that is `end`. */
  async messagesBefore(end: string): Promise<WsMessage[]> {
    for (;;) {
      const at = this.#messages.indexOf(end);
      if (at >= 0) return this.#messages.splice(0, at + 1).slice(0, at);
      this.#messages.push(await this.ws.next());
    }
  }

  /** Closes the connection; resolves when onClose was called, as `witness` is told. */
  async leave(witness: ApiClient): Promise<void> {
    await this.ws.close();
    await witness.call('untilClosed', this.id);
  }
}

/** Bytes as an argument of a call. */
export function base64(data: Uint8Array): { base64: string } {
  return { base64: Buffer.from(data).toString('base64') };
}

/** Three clients get uids and groups. Ann: red and green. Bob: red. Ann's second client: green. */
export async function introduce([ann, bob, ann2]: readonly ApiClient[]): Promise<void> {
  await Promise.all([
    ann.call('client.bindUid', 'ann'),
    bob.call('client.bindUid', 'bob'),
    ann2.call('client.bindUid', 'ann'),
    ann.call('client.join', 'red'),
    ann.call('client.join', 'green'),
    bob.call('client.join', 'red'),
    ann2.call('client.join', 'green'),
  ]);
}

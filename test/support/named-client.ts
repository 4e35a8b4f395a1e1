import { WsClient } from './ws-client.js';

/** What has come in the form of a named message. */
export interface Named {
  readonly id?: number;
  readonly event?: string;
  readonly data?: unknown;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly path?: string;
    readonly event?: string;
  };
}

/** A websocket client that speaks by names, as a page does by hand. */
export class NamedClient {
  readonly ws: WsClient;
  #lastId = 0;

  private constructor(ws: WsClient) {
    this.ws = ws;
  }

  static async connect(url: string): Promise<NamedClient> {
    return new NamedClient(await WsClient.connect(url));
  }

  emit(event: string, data?: unknown): void {
    this.ws.send(JSON.stringify({ event, data }));
  }

  /** @returns its id */
  request(event: string, data?: unknown): number {
    this.ws.send(JSON.stringify({ id: ++this.#lastId, event, data }));
    return this.#lastId;
  }

  answer(id: number | undefined, data?: unknown): void {
    this.ws.send(JSON.stringify({ id, data }));
  }

  async next(): Promise<Named> {
    return await this.ws.nextJson<Named>();
  }

  /** Asks, and resolves with the next that comes, which is to be the answer: its data. */
  async call(event: string, data?: unknown): Promise<unknown> {
    const id = this.request(event, data);
    const answer = await this.next();
    if (answer.id !== id) throw new Error(`Expected the answer ${id}, and not ${JSON.stringify(answer)}`);
    return answer.error ?? answer.data;
  }
}

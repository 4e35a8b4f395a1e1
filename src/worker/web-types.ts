/*
 * The web's Request and Response, as the project's types have them: those of @types/node, or of the library DOM. A project
 * that has neither is shown what it needs of them.
 */

interface Fields {
  get(name: string): string | null;
  has(name: string): boolean;
  forEach(callback: (value: string, name: string) => void): void;
}

interface Message {
  readonly headers: Fields;
  arrayBuffer(): Promise<ArrayBuffer>;
  json(): Promise<unknown>;
  text(): Promise<string>;
}

interface AnyRequest extends Message {
  readonly method: string;
  readonly url: string;
}

interface AnyResponse extends Message {
  readonly status: number;
  readonly statusText: string;
}

export type WebRequest = typeof globalThis extends { Request: { prototype: infer Type } } ? Type : AnyRequest;
export type WebResponse = typeof globalThis extends { Response: { prototype: infer Type } }
  ? Type
  : AnyResponse;

/** What `onRequest` is told beside the request. */
export interface RequestOrigin {
  /** Who has sent it: with `proxy`, the one that the proxy speaks for. */
  readonly remoteAddress: string;
}

/** What `onRequest` answers: nothing is 404. */
export type RequestResult = WebResponse | null | undefined | void;

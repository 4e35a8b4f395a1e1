/** What is needed of a websocket: browsers, Deno, Bun and Node from 22 on have one; before that the package `ws` does. */
export interface Socket {
  binaryType: string;
  readonly readyState: number;
  readonly protocol: string;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(
    type: 'close',
    listener: (event: { readonly code: number; readonly reason: string }) => void,
  ): void;
  send(data: string | ArrayBuffer): void;
  close(code?: number, reason?: string): void;
}

export type SocketClass = new (url: string, protocols: string[]) => Socket;

/** Of `readyState`. */
export const OPEN = 1;

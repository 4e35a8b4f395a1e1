import { type EndedBy, encodeClientEnd } from '../wire/client-end.js';
import type { ClientRecord } from './client-record.js';

/** What began a client's end. */
interface Beginning {
  readonly by: EndedBy;
  /** What a websocket is closed with; undefined where the connection says that, or is ended without a word. */
  readonly code: number | undefined;
  readonly reason: string;
}

const NO_GROUPS: readonly string[] = [];

/** Who began the ends of clients that are still here: an end takes as long as the client lets it. */
export class ClientEnds {
  readonly #begun = new Map<ClientRecord, Beginning>();

  /** Whoever ends a client says so; who does so first counts. */
  begin(client: ClientRecord, by: EndedBy, code?: number, reason = ''): void {
    if (!client.gone && !this.#begun.has(client)) this.#begun.set(client, { by, code, reason });
  }

  /**
   * The client is gone. What is said here, of its connection, counts where nobody else has begun its end.
   *
   * @param code as Connection's `closed`: 0 where there are no codes
   * @param broken whether the connection broke
   * @returns the body of ON_CLOSE
   */
  take(client: ClientRecord, code: number, reason: string, broken: boolean): Buffer {
    const begun = this.#begun.get(client);
    const groups = client.groups ?? NO_GROUPS;
    if (begun === undefined) {
      const by = client.tooSlow ? 'slow' : broken ? 'error' : 'client';
      return encodeClientEnd(by, code, reason, groups);
    }
    this.#begun.delete(client);
    if (code === 0 || begun.code === undefined) return encodeClientEnd(begun.by, code, reason, groups);
    return encodeClientEnd(begun.by, begun.code, begun.reason, groups);
  }
}

import { type Dialect, clientFrame, dialects } from './dialect.js';

/*
 * Longer messages, as applications have them: rows of JSON, behind the letter that has the server send them to all.
 */

const ROWS = 20;
/** Messages before the first one comes again. */
export const DOCUMENTS = 64;

/** Some 2 KB. */
function documentText(number: number): string {
  const rows = Array.from({ length: ROWS }, (_, row) => {
    const seed = (number * ROWS + row + 1) * 2_654_435_761;
    return {
      id: seed % 1_000_003,
      user: `user ${seed % 4_999}`,
      x: (seed % 100_000) / 100,
      y: (seed % 77_777) / 100,
      state: ['idle', 'walks', 'runs'][seed % 3],
      seen: new Date(1_767_225_600_000 + (seed % 1_000_000_000)).toISOString(),
    };
  });
  return `a ${JSON.stringify(rows)}`;
}

/** What the server's clients get, and what asks for it. */
export interface Document {
  readonly payload: Buffer;
  readonly request: Buffer;
}

export function documents(dialect: Dialect): Document[] {
  return Array.from({ length: DOCUMENTS }, (_, number) => {
    const text = documentText(number);
    // there it is a string within JSON
    const within = dialect === dialects.socketIo ? JSON.stringify(text).slice(1, -1) : text;
    const payload = dialect.wrap(Buffer.from(within));
    return { payload, request: clientFrame(payload) };
  });
}

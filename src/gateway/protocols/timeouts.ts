/** Milliseconds that a client is given to close its side after our `close`; anew as long as it takes what was written. */
export const CLOSE_TIMEOUT = 5_000;

/** Milliseconds that the handlers have to answer what a client had sent before it sent what is forbidden, or a close frame. */
export const ANSWER_TIMEOUT = 5_000;

/**
 * Milliseconds to wait for answers of a worker that cannot say when it has given them: PHP's. One that closes its side
 * waits for an answer; one that closes its websocket hardly ever does.
 */
export const PATIENCE = { half: 2_000, whole: 200 } as const;

/** Milliseconds of silence before the operating system asks whether the other machine still exists. */
export const KEEP_ALIVE_DELAY = 60_000;

/** Milliseconds that a TLS handshake may take. */
export const HANDSHAKE_TIMEOUT = 10_000;

/** Milliseconds that a proxy has for its PROXY header, before the handshake's own time begins. */
export const PROXY_TIMEOUT = 10_000;

/** What a request, or a message, has come to nothing by. Tell cases apart by `code`, never by the message. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  /**
   * Of this end: `GW_TIMEOUT`, `GW_LINK_CLOSED` (the connection is closed, or was lost before the answer), `GW_OVERFLOW` (too
   * much waits while there is no connection), `GW_ARGUMENT`. Any other is the server's.
   */
  readonly code: string;
  /** Where in the data of the message it is: `/room`. */
  readonly path: string | undefined;
  /** The message that it is about, where nobody waits for an answer. */
  readonly event: string | undefined;

  constructor(code: string, message: string, { path, event }: { path?: string; event?: string } = {}) {
    super(message);
    this.code = code;
    this.path = path;
    this.event = event;
  }
}

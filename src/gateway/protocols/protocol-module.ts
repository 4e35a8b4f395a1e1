/** What a protocol module is told of a client's connection. */
export interface ProtocolConnection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** The port that the client came in by. */
  readonly localPort: number;
  /** The module's own, for as long as the connection lasts. */
  readonly state: Record<string, unknown>;
}

/**
 * A user's protocol over TCP, with Workerman's three functions, exported by name or as the default export. They run on
 * the main thread: they must be quick, and must not be async. One that throws costs its client the connection.
 */
export interface ProtocolModule {
  /**
   * Finds the end of the package that `buffer` begins with.
   *
   * @returns its length in bytes, which may be more than has arrived; 0 when more bytes are needed to tell;
   *   a negative number to refuse the client
   */
  input(buffer: Buffer, connection: ProtocolConnection): number;
  /** The message in a whole package: a string, or bytes. `buffer` is to be copied by whoever keeps it. */
  decode(buffer: Buffer, connection: ProtocolConnection): string | Buffer;
  /**
   * The package that a message goes out as. Declared with one parameter, it is called once for all clients that get the
   * message, and with two for each of them.
   */
  encode(message: string | Buffer, connection: ProtocolConnection): string | Buffer;
}

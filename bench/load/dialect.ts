import { MESSAGE_LENGTH } from './messages.js';

const TEXT_FRAME = 0x81;
const MASKED = 0x80;
/** Longer payloads have a longer header, which only {@link clientFrame} makes. */
const LONGEST_PAYLOAD = 125;
const LONGEST_DOCUMENT = 0xffff;

/** Not all zero: `ws` leaves out the unmasking for a mask of zeros. */
export const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

/** A text frame as a client sends it. */
export function clientFrame(payload: Buffer): Buffer {
  const masked = payload.map((byte, index) => byte ^ MASK[index % 4]);
  return Buffer.concat([head(MASKED, payload, LONGEST_DOCUMENT), MASK, masked]);
}

/** The same as a server sends it. */
export function serverFrame(payload: Buffer): Buffer {
  return Buffer.concat([head(0, payload, LONGEST_PAYLOAD), payload]);
}

function head(masked: number, { length }: Buffer, longest: number): Buffer {
  if (length > longest) throw new Error(`a payload of ${length} bytes; at most ${longest} fit`);
  return length <= LONGEST_PAYLOAD
    ? Buffer.from([TEXT_FRAME, masked | length])
    : Buffer.from([TEXT_FRAME, masked | 126, length >> 8, length & 0xff]);
}

/** How a server wants to be spoken to inside websocket frames. */
export class Dialect {
  /** Where the websocket is asked for. */
  readonly path: string;
  /** Sent once the websocket is open. */
  readonly greeting: Buffer | undefined;
  /** Frames that come before the client counts as connected. */
  readonly welcomes: number;
  /** The payload length of a message. */
  readonly messageLength: number;
  /** Payloads of this length are questions whether the client is alive, answered with {@link alive}; 0: there are none. */
  readonly pingLength: number;
  readonly alive: Buffer;
  readonly #before: Buffer;
  readonly #after: Buffer;
  readonly #asksBefore: Buffer;
  readonly #asksAfter: Buffer;

  constructor(dialect: {
    path: string;
    greeting?: string;
    welcomes: number;
    around: readonly [before: string, after: string];
    /** Around what clients send, where that is another. */
    asks?: readonly [before: string, after: string];
    ping: string;
    alive: string;
  }) {
    this.path = dialect.path;
    this.greeting = dialect.greeting === undefined ? undefined : clientFrame(Buffer.from(dialect.greeting));
    this.welcomes = dialect.welcomes;
    [this.#before, this.#after] = dialect.around.map((text) => Buffer.from(text));
    [this.#asksBefore, this.#asksAfter] = (dialect.asks ?? dialect.around).map((text) => Buffer.from(text));
    this.messageLength = this.#before.length + MESSAGE_LENGTH + this.#after.length;
    this.pingLength = dialect.ping.length;
    this.alive = clientFrame(Buffer.from(dialect.alive));
  }

  /** The frame of a message as a client sends it. */
  readonly request = (message: Buffer): Buffer =>
    clientFrame(Buffer.concat([this.#asksBefore, message, this.#asksAfter]));
  /** The same as a server sends it. */
  readonly reply = (message: Buffer): Buffer => serverFrame(this.wrap(message));

  /** The payload of a message's frame. */
  wrap(message: Buffer): Buffer {
    return Buffer.concat([this.#before, message, this.#after]);
  }
}

export const dialects = {
  /** The message is the payload. */
  plain: new Dialect({ path: '/?', welcomes: 0, around: ['', ''], ping: '', alive: '' }),
  /**
   * Engine.IO 4 and Socket.IO 5 over a websocket from the start: the server sends its parameters (`0{…}`), the client
   * asks for the default namespace (`40`) and is given an id (`40{…}`); a message is an event named m.
   */
  socketIo: new Dialect({
    path: '/socket.io/?EIO=4&transport=websocket&',
    greeting: '40',
    welcomes: 2,
    around: ['42["m","', '"]'],
    ping: '2',
    alive: '3',
  }),
  /** The same, where each message is an event that wants its answer. */
  socketIoAsking: new Dialect({
    path: '/socket.io/?EIO=4&transport=websocket&',
    greeting: '40',
    welcomes: 2,
    asks: ['427["ask","', '"]'],
    around: ['437["', '"]'],
    ping: '2',
    alive: '3',
  }),
} as const;

export type DialectName = keyof typeof dialects;

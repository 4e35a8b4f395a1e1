import { Buffer, isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ListenerContext } from '../listener-context.js';
import { CloseCode } from '../ws-frame.js';
import { BASE64, CLOSE_BODY, NOOP_BODY, SEPARATOR, bodyOf } from './engine-packet.js';
import type { EngineTransport, TransportHost } from './engine-transport.js';

/** A body that came, and how far it has been read. */
interface Posted {
  readonly response: ServerResponse;
  body: Buffer;
  at: number;
}

const EMPTY = Buffer.alloc(0);
const CLOSED = 'This session is closed.';

/**
 * A client on HTTP: a GET waits until there is something for it, and its packets come as the bodies of POSTs, one at a time.
 * Each POST is answered when all of it is read, so that a client that is paused sends no more.
 */
export class EnginePolling implements EngineTransport {
  readonly flow = undefined;
  bytesIn = 0;
  bytesOut = 0;
  /** Whether a GET that finds nothing is answered at once: the client goes over to a websocket, and waits for that. */
  hastens = false;
  readonly #listener: ListenerContext;
  readonly #host: TransportHost;
  #state: 'open' | 'closing' | 'closed' = 'open';
  /** What waits for a GET, as frames of a websocket. */
  #frames: Buffer[] = [];
  #length = 0;
  /** The GET that waits. */
  #poll: ServerResponse | undefined;
  /** The POST that is not answered yet. */
  #posted: Posted | undefined;
  #paused = false;
  #reading = false;

  /** @param listener of which a request's body may have `maxPackageSize` */
  constructor(listener: ListenerContext, host: TransportHost) {
    this.#listener = listener;
    this.#host = host;
  }

  get bufferedBytes(): number {
    return this.#length;
  }

  write(frames: Buffer): void {
    if (this.#state !== 'open') return;
    this.#frames.push(frames);
    this.#length += frames.length;
    if (this.#poll !== undefined) this.#flush();
  }

  /** What waits, for another transport to send. */
  take(): Buffer {
    return Buffer.concat(this.#takeFrames());
  }

  /** A GET. */
  get(response: ServerResponse): void {
    if (this.#poll !== undefined) {
      respond(response, 400, 'Only one GET at a time may wait.');
      this.#forbid('A client sent a second GET while one waited.');
      return;
    }
    this.#poll = response;
    // a client that has closed its side, which others may do, does not wait for this answer
    const { socket } = response.req;
    const onEnd = (): void => void response.destroy();
    socket.once('end', onEnd);
    response.once('close', () => {
      socket.off('end', onEnd);
      if (this.#poll === response) this.#lost();
    });
    if (this.#length > 0) this.#flush();
    else if (this.#state === 'closing') this.#end();
    else if (this.hastens) this.hasten();
  }

  /** Answers the GET that waits, if one does. */
  hasten(): void {
    if (this.#poll !== undefined) this.#answer(NOOP_BODY);
  }

  /** A POST. */
  post(request: IncomingMessage, response: ServerResponse): void {
    const listener = this.#listener;
    const { maxPackageSize } = listener;
    if (this.#posted !== undefined) {
      respond(response, 400, 'Only one POST at a time may be under way.');
      this.#forbid('A client sent a second POST before the first was answered.');
      return;
    }
    const posted: Posted = { response, body: EMPTY, at: 0 };
    this.#posted = posted;
    response.once('close', () => {
      if (this.#posted === posted) this.#lost();
    });
    const chunks: Buffer[] = [];
    let length = 0;
    const tooLong = (): void => {
      request.removeAllListeners('data').removeAllListeners('end').resume();
      this.#posted = undefined;
      respond(response, 413, `Expected a body of at most ${maxPackageSize} bytes (maxPackageSize).`);
    };
    if (Number(request.headers['content-length'] ?? 0) > maxPackageSize) {
      tooLong();
      return;
    }
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      this.bytesIn += chunk.length;
      listener.bytesIn += chunk.length;
      chunks.push(chunk);
      if (length > maxPackageSize) tooLong();
    });
    request.on('end', () => {
      if (this.#posted !== posted) return;
      posted.body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, length);
      if (isUtf8(posted.body)) this.#read();
      else this.#forbid('The body of a POST is not valid UTF-8.');
    });
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    // later, so that no message arrives within resume()
    if (this.#posted !== undefined) process.nextTick(() => this.#read());
  }

  close(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#answerPost(400, CLOSED);
    if (this.#poll === undefined) return;
    // what had to wait has gone out with this GET or an earlier one
    process.nextTick(() => this.#end());
  }

  refuse(): void {
    this.#end();
  }

  destroy(): void {
    if (this.#state === 'closed') return;
    process.nextTick(() => this.#gone(CloseCode.ABNORMAL, false));
  }

  /** The client has said that it closes. */
  ended(): void {
    this.hasten();
    this.#state = 'closing';
    this.#answerPost();
    process.nextTick(() => this.#gone(CloseCode.NONE, false));
  }

  /** Another transport has taken over. */
  discard(): void {
    this.hasten();
    this.#state = 'closed';
    this.#answerPost();
  }

  /** Hands on the packets of a body, as long as they are wanted. */
  #read(): void {
    const posted = this.#posted;
    if (posted === undefined || this.#reading) return;
    const { body } = posted;
    this.#reading = true;
    while (this.#state === 'open' && !this.#paused && posted.at <= body.length) {
      const next = body.indexOf(SEPARATOR, posted.at);
      const end = next < 0 ? body.length : next;
      const packet = body.subarray(posted.at, end);
      posted.at = end + 1;
      if (packet[0] === BASE64) {
        const bytes = Buffer.from(packet.toString('latin1', 1), 'base64');
        this.#host.message(this, bytes, true);
      } else {
        this.#host.message(this, packet, false);
      }
    }
    this.#reading = false;
    if (posted.at > body.length) this.#answerPost();
  }

  #answerPost(status = 200, text = 'ok'): void {
    const posted = this.#posted;
    this.#posted = undefined;
    if (posted !== undefined) respond(posted.response, status, text);
  }

  #takeFrames(): Buffer[] {
    const frames = this.#frames;
    this.#frames = [];
    this.#length = 0;
    return frames;
  }

  #flush(): void {
    this.#answer(bodyOf(this.#takeFrames()));
  }

  #answer(body: Buffer): void {
    const response = this.#poll;
    this.#poll = undefined;
    this.bytesOut += body.length;
    if (response !== undefined) respond(response, 200, body);
  }

  /** What a client does that it may not: the session ends. */
  #forbid(problem: string): void {
    this.#host.misbehaved(this, 'error', 'engine.io polling', problem);
    this.refuse();
  }

  /** A request was broken off. */
  #lost(): void {
    this.#gone(CloseCode.ABNORMAL, true);
  }

  /** The session is over, which the GET that waits is told. */
  #end(): void {
    if (this.#poll !== undefined) this.#answer(CLOSE_BODY);
    this.#gone(CloseCode.ABNORMAL, false);
  }

  #gone(code: number, broken: boolean): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#takeFrames();
    const poll = this.#poll;
    this.#poll = undefined;
    if (poll !== undefined) respond(poll, 400, CLOSED);
    this.#answerPost(400, CLOSED);
    this.#host.closed(this, code, '', broken);
  }
}

/** Answers a request of a client's, unless it is gone, or has been. */
function respond(response: ServerResponse, status: number, body: Buffer | string): void {
  if (response.destroyed || response.headersSent) return;
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=UTF-8',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  });
  response.end(body);
}

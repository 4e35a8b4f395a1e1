import cluster from 'node:cluster';
import { createHash } from 'node:crypto';
import {
  Agent,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  createServer,
  request as ask,
} from 'node:http';
import { type Socket, connect } from 'node:net';
import { join } from 'node:path';
import { RELAY_FOLDER } from '../../../base/relay-folder.js';
import { listening } from '../../../net/bind.js';

/** What a session's id begins with, where several processes share a port: who has the session. */
const OWNER = /^(\d{1,9})\./;

/**
 * Where several processes share a port, any of them may get a request, and only one has the session that it is about. The
 * session's id says who, and that one gets the request, by a socket of its own.
 */
export class EngineRelay {
  /** What comes for sessions that are here. */
  readonly server: Server;
  /** What ids of sessions begin with. */
  readonly prefix: string;
  /**
   * Connections are kept: one that the other end closes behind its answer may be closed before this end has written all of its
   * request, and then the answer is lost.
   */
  readonly #agent = new Agent({ keepAlive: true });
  readonly #own: string;
  readonly #place: (owner: string) => string;

  /** @param url of the listener @returns undefined where no other process shares its port */
  static async open(url: string): Promise<EngineRelay | undefined> {
    const { [RELAY_FOLDER]: folder } = process.env;
    if (folder === undefined || cluster.worker === undefined) return undefined;
    const name = createHash('sha256').update(url).digest('hex').slice(0, 16);
    const relay = new EngineRelay(String(cluster.worker.id), (owner) => join(folder, `${owner}-${name}`));
    // not shared: node:cluster would hand its connections to all
    await listening(relay.server, { path: relay.#place(relay.#own), exclusive: true });
    return relay;
  }

  private constructor(own: string, place: (owner: string) => string) {
    this.prefix = `${own}.`;
    this.server = createServer({ keepAliveTimeout: 0 });
    this.#own = own;
    this.#place = place;
  }

  /** Whose a session is, if it is another process's. */
  ownerOf(sid: string): string | undefined {
    const owner = OWNER.exec(sid)?.[1];
    return owner === this.#own ? undefined : owner;
  }

  /** Has a request answered by the session's owner. @param onLost there is no such process any more */
  passOn(owner: string, request: IncomingMessage, response: ServerResponse, onLost: () => void): void {
    const { method, url, headers } = request;
    const { connection: _, ...kept } = headers;
    const socketPath = this.#place(owner);
    const passed = ask({ socketPath, method, path: url, headers: kept, agent: this.#agent });
    passed.on('response', (answer) => {
      if (response.destroyed) return;
      const { connection: __, 'keep-alive': ___, ...fields } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, fields);
      answer.pipe(response);
    });
    passed.on('error', () => {
      if (response.headersSent) response.destroy();
      else if (!response.destroyed) onLost();
    });
    // one that has hung up waits for nothing, as there
    response.once('close', () => passed.destroy());
    const onEnd = (): void => void passed.destroy();
    request.socket.once('end', onEnd);
    response.once('close', () => request.socket.off('end', onEnd));
    request.pipe(passed);
  }

  /** Has a websocket served by the session's owner, as long as it lasts. @param head what came behind its handshake */
  passOnWebSocket(owner: string, request: IncomingMessage, head: Buffer): void {
    const { socket, method = 'GET', url = '/', rawHeaders } = request;
    const lines = [`${method} ${url} HTTP/1.1`];
    for (let at = 0; at < rawHeaders.length; at += 2) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
    const other = connect(this.#place(owner));
    other.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
    other.write(head);
    socket.setTimeout(0);
    lead(socket, other);
    lead(other, socket);
  }

  close(): void {
    this.#agent.destroy();
    this.server.close();
  }
}

/** What comes from one goes to the other, and its end as well. */
function lead(from: Socket, to: Socket): void {
  from.pipe(to);
  from.on('error', () => to.destroy());
  from.on('close', () => to.destroy());
}

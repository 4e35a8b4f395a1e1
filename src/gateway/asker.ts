import { GatewayError } from '../base/errors.js';
import type { Link } from '../link/link.js';
import type { GatewayAddress } from '../wire/client-id.js';
import { Command, Flag, commandName } from '../wire/command.js';
import { type ReceivedFrame, emptyFrame } from '../wire/frame.js';
import { type PhpValue, serialize } from '../wire/php-serialize.js';
import type { WorkerPeer } from './worker-peer.js';

/** Where answers go. */
export type AskerLink = Pick<Link, 'name' | 'state' | 'send'>;

/** Who sends commands and queries over a link. A query has a request id, and is answered by a REPLY frame that has it too. */
export class Asker {
  /** Which worker it is; undefined for a GatewayClient. */
  readonly peer: WorkerPeer | undefined;
  readonly #link: AskerLink;
  readonly #reply = emptyFrame();

  /** @param address the gateway's */
  constructor(link: AskerLink, address: GatewayAddress, peer?: WorkerPeer) {
    this.#link = link;
    this.peer = peer;
    this.#reply.command = Command.REPLY;
    this.#reply.localIp = address.ip;
    this.#reply.localPort = address.port;
  }

  /** For logs. */
  get name(): string {
    return this.#link.name;
  }

  /** @throws GW_FRAME when somebody asked without a request id who has to have one */
  answer(query: ReceivedFrame, value: PhpValue): void {
    // who asked and left has no use for it
    if (this.#link.state !== 'open') return;
    if ((query.flags & Flag.REQUEST) === 0) this.answerWithoutId(query, value);
    else this.#send(query, serialize(value));
  }

  /**
   * Answers a query that cannot be carried out: as if nothing had been found, where an answer has no other way to say so; a
   * REPLY frame without a value says that there is none.
   */
  answerNothing(query: ReceivedFrame): void {
    if (this.#link.state !== 'open') return;
    if ((query.flags & Flag.REQUEST) === 0) this.answerNothingWithoutId(query);
    else this.#send(query, '');
  }

  protected answerWithoutId(query: ReceivedFrame, _value: PhpValue): void {
    throw new GatewayError(
      'GW_FRAME',
      `${this.name} sent ${commandName(query.command)} without a request id, which only GatewayWorker's own links can do.`,
    );
  }

  protected answerNothingWithoutId(_query: ReceivedFrame): void {}

  #send(query: ReceivedFrame, body: string | Buffer): void {
    this.#reply.clientIp = query.clientIp;
    // of another cell, which slot has asked
    this.#reply.clientPort = query.clientPort;
    this.#reply.body = body;
    this.#link.send(this.#reply);
  }
}

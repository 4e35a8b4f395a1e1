import type { ThreadLink } from '../link/thread-link.js';
import type { ClientAddress } from '../wire/client-id.js';
import { Command, Flag } from '../wire/command.js';
import { type ReceivedFrame, emptyFrame } from '../wire/frame.js';
import { type HandshakeAnswer, encodeHandshakeAnswer } from '../wire/handshake-answer.js';
import { type WebAnswer, encodeWebAnswer } from '../wire/web-request.js';
import type { SessionChange } from './session-view.js';

/** What the worker itself has to say of a client, to its gateway or to the slot. It is never refused for a full buffer. */
export class ClientReports {
  readonly #link: ThreadLink;
  readonly #frame = emptyFrame();

  constructor(link: ThreadLink) {
    this.#link = link;
  }

  /** Everything that the client sent before it ended is handled. */
  ended(client: Readonly<ClientAddress>): void {
    this.#send(Command.CLIENT_ENDED, client, '', 0, 0);
  }

  /** The slot may forget that a thread of its has closed this client. */
  forgotten(client: Readonly<ClientAddress>): void {
    if (this.#link.state === 'open') this.#send(Command.CLIENT_FORGOTTEN, client, '', 0, 0);
  }

  /** So many words of where its events go have been heard, or will not come. */
  answered(client: Readonly<ClientAddress>, count: number): void {
    this.#send(Command.CLIENT_ROUTED, client, '', count, 0);
  }

  /** Nothing of the client is pending here. @param events that were not begun @param closed whether this worker has closed it */
  moved(client: Readonly<ClientAddress>, events: readonly Buffer[], closed: boolean): void {
    this.#send(Command.CLIENT_MOVED, client, '', 0, closed ? Flag.OWN : 0, Buffer.concat(events));
  }

  /** A named message: its text, or with the bytes in it. */
  named(client: Readonly<ClientAddress>, message: string | Uint8Array): void {
    if (this.#link.state !== 'open') return;
    const flags = Flag.PLAIN_BODY | Flag.NAMED;
    const binary = typeof message === 'string' ? 0 : Flag.BINARY;
    this.#send(Command.SEND_TO_ONE, client, '', 0, flags | binary, message);
  }

  /** To the thread before this one that has this number, or to all for 0: what the client answers; '': it is gone. */
  sendOn(
    { localIp, localPort, connectionId, flags }: ReceivedFrame,
    to: number,
    body: string | Uint8Array,
  ): void {
    this.#send(Command.CLIENT_ANSWERED, { localIp, localPort, connectionId }, '', to, flags, body);
  }

  /** No more of its events for now, or again. */
  paused(client: Readonly<ClientAddress>, paused: boolean): void {
    this.#send(paused ? Command.PAUSE_CLIENT : Command.RESUME_CLIENT, client, '', 0, 0);
  }

  /** A handler has changed its session. */
  changed(client: Readonly<ClientAddress>, { command, ext, epoch, flags }: SessionChange): void {
    this.#send(command, client, ext, epoch, flags);
  }

  /** What the application says to its handshake. */
  decided(client: Readonly<ClientAddress>, answer: HandshakeAnswer): void {
    if (this.#link.state !== 'open') return;
    const { ext, body } = encodeHandshakeAnswer(answer);
    this.#send(Command.HANDSHAKE_ANSWER, client, ext, 0, Flag.PLAIN_BODY, body);
  }

  /** What the application answers to an HTTP request. */
  responded(client: Readonly<ClientAddress>, answer: WebAnswer): void {
    if (this.#link.state !== 'open') return;
    const { ext, body } = encodeWebAnswer(answer);
    this.#send(Command.REQUEST_ANSWER, client, ext, 0, Flag.PLAIN_BODY, body);
  }

  #send(
    command: number,
    { localIp, localPort, connectionId }: Readonly<ClientAddress>,
    ext: string | Uint8Array,
    clientIp: number,
    flags: number,
    body: string | Uint8Array = '',
  ): void {
    const frame = this.#frame;
    frame.command = command;
    frame.localIp = localIp;
    frame.localPort = localPort;
    frame.connectionId = connectionId;
    frame.ext = ext;
    frame.clientIp = clientIp;
    frame.flags = flags;
    frame.body = body;
    this.#link.send(frame);
  }
}

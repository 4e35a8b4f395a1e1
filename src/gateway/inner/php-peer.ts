import { GatewayError } from '../../base/errors.js';
import type { TcpLink } from '../../link/tcp-link.js';
import { Command, Flag, WorkerState, commandName } from '../../wire/command.js';
import type { Frame, ReceivedFrame } from '../../wire/frame.js';
import { toPhpHandshake } from '../../wire/handshake.js';
import { plainText } from '../../wire/named-bytes.js';
import { NODE_FEATURE } from '../../wire/worker-connect.js';
import { type EventClient, WorkerPeer } from '../worker-peer.js';
import type { PhpSessions } from './php-sessions.js';

const NOTHING = Buffer.alloc(0);

/** The flags that GatewayWorker knows. */
const PHP_FLAGS = Flag.PLAIN_BODY | Flag.RAW;

/** A PHP BusinessWorker, which is told of events in GatewayWorker's own words. It is ready from the start. */
export class PhpPeer extends WorkerPeer {
  readonly #sessions: PhpSessions;

  constructor(link: TcpLink, name: string, sessions: PhpSessions) {
    super(link, {
      name,
      address: link.name,
      local: false,
      hearsEnds: false,
      routes: false,
      state: WorkerState.READY,
    });
    this.#sessions = sessions;
  }

  override get legacy(): boolean {
    return true;
  }

  override send(event: Frame, client: EventClient): boolean {
    if (event.command === Command.ON_WEBSOCKET_CONNECT) event.body = toPhpHandshake(event.body as Buffer);
    // how a client left is for ours alone
    else if (event.command === Command.ON_CLOSE) event.body = NOTHING;
    else if ((event.flags & Flag.NAMED) !== 0) event.body = plainText(event.body as Buffer, event.flags);
    event.flags &= PHP_FLAGS;
    event.ext = this.#sessions.of(client);
    return this.link.send(event);
  }
}

/** Commands that we have added are for those who offered to know them. @throws GW_FRAME */
export function checkPhpFrame(frame: ReceivedFrame): void {
  if (frame.command < Command.REPLY) return;
  throw new GatewayError(
    'GW_FRAME',
    `${commandName(frame.command)} came from a peer that did not offer the feature ${NODE_FEATURE}.`,
  );
}

import type { PhpValue } from '../../wire/php-serialize.js';
import type { ReceivedFrame } from '../../wire/frame.js';
import type { ClientRecord } from '../client-record.js';
import type { Directory } from '../directory.js';
import type { PhpSessions } from '../inner/php-sessions.js';
import type { OutgoingMessage } from '../outgoing-message.js';
import type { SessionState } from '../session-state.js';

/** What the commands may do to the gateway. */
export interface CommandTarget {
  readonly directory: Directory;
  readonly phpSessions: PhpSessions;
  /** Sends to one client at the end of this tick. */
  deliver(client: ClientRecord, message: OutgoingMessage): void;
  /** Closes a client, after what it was sent. */
  kick(client: ClientRecord): void;
  /** A client that sends no more has been answered. */
  finish(client: ClientRecord): void;
  /** Drops a client at once. */
  drop(client: ClientRecord): void;
  /** The client's session, made when it has none yet. */
  stateOf(client: ClientRecord): SessionState;
  /** A worker wants no more of this client's events for now, or wants them again. */
  pauseByWorker(client: ClientRecord): void;
  resumeByWorker(client: ClientRecord): void;
}

/** Carries out a command that asks for no answer. */
export type CommandHandler = (target: CommandTarget, frame: ReceivedFrame) => void;

/** Answers a query. */
export type QueryHandler = (target: CommandTarget, frame: ReceivedFrame) => PhpValue;

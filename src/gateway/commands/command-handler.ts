import type { PhpValue } from '../../wire/php-serialize.js';
import type { ClientAddress } from '../../wire/client-id.js';
import type { ReceivedFrame } from '../../wire/frame.js';
import type { ClientRecord } from '../client-record.js';
import type { Asker } from '../asker.js';
import type { Clients } from '../clients.js';
import type { Delivery } from '../delivery.js';
import type { Directory } from '../directory.js';
import type { Dispatcher } from '../dispatcher.js';
import type { Interest } from '../interest.js';
import type { PhpSessions } from '../inner/php-sessions.js';
import type { Routes } from '../routes.js';
import type { UidClaims } from '../uid-claims.js';
import type { WorkerMessages } from '../worker-messages.js';

/** What commands may use of the gateway. */
export interface CommandTarget {
  readonly directory: Directory;
  readonly delivery: Pick<Delivery, 'deliver'>;
  readonly clients: Pick<Clients, 'kick' | 'drop' | 'finish' | 'decided' | 'responded'>;
  readonly dispatcher: Pick<Dispatcher, 'pauseByWorker' | 'resumeByWorker'>;
  readonly routes: Pick<Routes, 'ask' | 'moved'>;
  readonly workerMessages: WorkerMessages;
  readonly phpSessions: PhpSessions;
  readonly uidClaims: UidClaims;
  readonly interest: Pick<Interest, 'flush'>;
  /** Whether a client id is one of this gateway. */
  readonly isOurs: (client: Readonly<ClientAddress>) => boolean;
}

/** Carries out a command that asks for no answer. */
export type CommandHandler = (target: CommandTarget, frame: ReceivedFrame, asker: Asker) => void;

/** Carries out a command to the one client that its connection id names. Where that is gone, there is nothing to do. */
export type ClientCommandHandler = (
  target: CommandTarget,
  client: ClientRecord,
  frame: ReceivedFrame,
) => void;

/** Answers a query. */
export type QueryHandler = (target: CommandTarget, frame: ReceivedFrame) => PhpValue;

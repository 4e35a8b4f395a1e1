import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Step } from './steps.js';

/*
 * What the PHP packages that are there can do. Later versions have added calls, and commands for some of them, which an older
 * gateway leaves unanswered: to these PHP has nothing to compare with.
 */

interface PhpCalls {
  readonly client: readonly string[];
  readonly worker: readonly string[];
  readonly commands: readonly string[];
  /** Its major version. */
  readonly workerman: number;
  /** GatewayWorker's; null where it does not say so, as from 3.1 on. */
  readonly version: string | null;
}

/** Calls that need a command which not every gateway knows. */
const COMMANDS: Readonly<Record<string, string>> = {
  isUidsOnline: 'CMD_BATCH_GET_CLIENT_ID_BY_UID',
  batchGetClientIdByUid: 'CMD_BATCH_GET_CLIENT_ID_BY_UID',
  batchGetClientIdCountByGroup: 'CMD_BATCH_GET_CLIENT_COUNT_BY_GROUP',
  ungroup: 'CMD_UNGROUP',
};

const script = fileURLToPath(new URL('../../test/php/calls.php', import.meta.url));
const quiet = ['-d', 'error_reporting=0', '-d', 'display_errors=0'];
const found = JSON.parse(execFileSync('php', [...quiet, script], { encoding: 'utf8' })) as PhpCalls;

/** The calls of GatewayClient's class. */
export const clientCalls: readonly string[] = found.client;

/** Before 3.0.10, PHP's own queries to all gateways forget the key, and find nothing. */
export const secretKeys: readonly string[] = /^3\.0\.\d$/.test(found.version ?? '') ? [''] : ['', 's3cret'];

/** Whether the gateway knows the commands of the calls about many uids or groups. */
export const hasBatches = ['batchGetClientIdByUid', 'batchGetClientIdCountByGroup'].every((call) =>
  gatewayHas({ call, args: [] }),
);

/** workerman 5 is not what those before it were where messages are no text, and in what it says of handshakes. */
export const workerman5 = found.workerman >= 5;

/** Whether GatewayClient has the call, and the gateway what it needs. */
export function clientHas(step: Step): boolean {
  return found.client.includes(step.call) && gatewayHas(step);
}

/** Whether the class of GatewayWorker has the call, and the gateway what it needs. */
export function workerHas(step: Step): boolean {
  return found.worker.includes(step.call) && gatewayHas(step);
}

function gatewayHas({ call, workerman5: needed }: Step): boolean {
  if (needed === true && !workerman5) return false;
  return COMMANDS[call] === undefined || found.commands.includes(COMMANDS[call]);
}

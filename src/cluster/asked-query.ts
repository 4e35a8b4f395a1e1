import { Command, Flag } from '../wire/command.js';
import { emptyFrame, encodeFrame } from '../wire/frame.js';
import type { SplitQuery } from './split-query.js';

/*
 * PHP's gateways answer in the order in which they were asked, and leave unanswered what they do not know. So that no answer
 * is taken for another query's, one whose answer is always the same stands between two that wait at the same time, and behind
 * one that waits for long:
 *
 *   asked      SELECT   IS_ONLINE 0   BATCH… (not known)   IS_ONLINE 0
 *   answered   a:…      i:0;                               i:0;          not what BATCH… gives: it was left out
 *
 * There is no client 0, and a map is never 0, nor a count null.
 */

/** A query that is on its way to a gateway. */
export interface AskedQuery {
  readonly command: number;
  /** Whose answer it is; undefined when it is for nobody. */
  readonly requestId: number | undefined;
  /** The frame, to be sent once more where that is needed. */
  readonly bytes: Buffer;
  /** When it was first asked: milliseconds on the clock. */
  readonly at: number;
  /** The query that this one is a part of. */
  readonly whole?: SplitQuery;
  /** The only answer that there is to it, where it stands between two others. */
  readonly always?: Buffer;
}

/** The query that is put behind one with this command. */
export function separator(command: number): AskedQuery {
  return COUNTS.has(command) ? NO_SESSION : NOBODY;
}

/** The link's own query, whose answer is for nobody. */
export const PROBE: AskedQuery = {
  command: Command.IS_ONLINE,
  requestId: undefined,
  bytes: ofClientZero(Command.IS_ONLINE),
  at: Infinity,
};

const NOBODY: AskedQuery = { ...PROBE, always: Buffer.from('i:0;') };
const NO_SESSION: AskedQuery = {
  ...PROBE,
  command: Command.GET_SESSION_BY_CLIENT_ID,
  bytes: ofClientZero(Command.GET_SESSION_BY_CLIENT_ID),
  always: Buffer.from('N;'),
};

/** Queries whose answer is an int. */
const COUNTS: ReadonlySet<number> = new Set([Command.IS_ONLINE, Command.GET_CLIENT_COUNT_BY_GROUP]);

function ofClientZero(command: number): Buffer {
  return encodeFrame({ ...emptyFrame(), command, flags: Flag.PLAIN_BODY });
}

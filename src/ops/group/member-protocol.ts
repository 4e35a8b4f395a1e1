import type { NodeConfig } from '../../config/schema.js';
import type { Answer } from '../requests/answer.js';
import type { NodeRequest } from '../requests/requests.js';

/*
 * What the first process of a group and its members say to each other, over node's IPC channel.
 *
 *   to a member     {"order":"start","config":…,"logFile":null}    once, when it is ready
 *                   {"order":"reopen-log"}
 *                   {"id":7,"request":{"command":"status"}}        a NodeRequest
 *                   {"id":8,"request":{"command":"ping"}}          null, at once, whatever it is doing
 *   from a member   {"event":"ready"}                              it hears: what was said before is lost
 *                   {"event":"up",…} or {"event":"failed",…}       a NodeReport
 *                   {"id":7,"answer":{"ok":true,"result":…}}
 *
 * Requests are answered in any order. For a member that is still starting all but a stop and a ping wait.
 */

export interface StartOrder {
  readonly order: 'start';
  readonly config: NodeConfig;
  /** Where to log to; null for standard output. */
  readonly logFile: string | null;
}

export interface MemberRequest {
  readonly id: number;
  readonly request: NodeRequest | PingRequest;
}

/** Whether its main thread still comes round. */
export interface PingRequest {
  readonly command: 'ping';
}

export type MemberOrder = StartOrder | { readonly order: 'reopen-log' } | MemberRequest;

export interface MemberReady {
  readonly event: 'ready';
}

export interface MemberAnswer {
  readonly id: number;
  readonly answer: Answer;
}

/** Tells answers from the reports that come the same way. */
export function isAnswer(message: unknown): message is MemberAnswer {
  const { id, answer } = Object(message) as Partial<Record<string, unknown>>;
  return typeof id === 'number' && typeof answer === 'object';
}

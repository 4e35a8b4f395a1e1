import { Flag } from '../wire/command.js';
import type { ReceivedFrame } from '../wire/frame.js';
import { parseNamed, unpackNamed } from '../wire/named-bytes.js';
import { sliceNamed } from '../wire/named-message.js';

/** What a client has sent, in the form of a named message (wire/named-message.ts), with its members in any order. */
export interface ReceivedMessage {
  /** Undefined for none. It is an own one of the client's, unless this answers. */
  readonly id: unknown;
  /** Undefined for an answer. */
  readonly event: string | undefined;
  readonly data: unknown;
  /** What it refuses with, in an answer. */
  readonly error: unknown;
}

const OPEN = 0x7b;
const SPACE = 0x20;

/** What a client's message says; undefined where it is in no such form. */
export function readMessage(frame: ReceivedFrame): ReceivedMessage | undefined {
  const { bytes, bodyStart, bodyEnd, flags } = frame;
  let value: unknown;
  try {
    if ((flags & Flag.BINARY) === 0) {
      // what is no object is not parsed: the error alone would take longer than most messages do
      const first = bytes[bodyStart];
      if (bodyStart === bodyEnd || (first !== OPEN && first > SPACE)) return undefined;
      value = JSON.parse(frame.bodyText());
    } else {
      if ((flags & Flag.NAMED) === 0) return undefined;
      const { text, attachments } = unpackNamed(frame.body);
      value = parseNamed(text, attachments);
    }
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { id, event, data, args, error } = value as Record<string, unknown>;
  if (event === undefined ? !isAnswer(value) : typeof event !== 'string' || event === '') return undefined;
  return { id, event: event as string | undefined, data: argument(data, args), error };
}

/** Whether an id is one that a request can have. */
export function isRequestId(id: unknown): id is number {
  return Number.isSafeInteger(id) && (id as number) >= 0;
}

/**
 * What a client answers to what it was asked; undefined for anything else it may have sent, of which most is not parsed.
 */
export function readAnswer(frame: ReceivedFrame): ReceivedMessage | undefined {
  const { body } = frame;
  const slices = (frame.flags & Flag.BINARY) === 0 ? sliceNamed(body) : undefined;
  if (slices === undefined ? !body.includes('"id"') : slices.nameEnd > 0) return undefined;
  const message = readMessage(frame);
  return message?.event === undefined ? message : undefined;
}

/** Whether it is an answer and no more than that: what an application says in JSON of its own has ids as well. */
function isAnswer(value: object): boolean {
  return isRequestId((value as { id?: unknown }).id) && Object.keys(value).every((key) => ANSWER.has(key));
}

const ANSWER: ReadonlySet<string> = new Set(['id', 'data', 'args', 'error']);

/** One argument is data, as with those who know of no arguments. */
function argument(data: unknown, args: unknown): unknown {
  if (!Array.isArray(args)) return data;
  return args.length > 1 ? args : (args as unknown[])[0];
}

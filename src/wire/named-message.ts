import type { Buffer } from 'node:buffer';

/*
 * A message with a name, as JSON text in this form and no other, so that its parts are found by their positions:
 *
 *    {"event":"said","data":…}              an event
 *    {"id":7,"event":"join","data":…}       a request, of either side
 *    {"id":7,"data":…}                      its answer
 *    {"id":7,"error":{…}}                   its refusal; without an id, that of an event
 *
 * Where there is no data, `,"data":…` is left out. A Socket.IO client may give any number of arguments instead of one:
 * there `,"args":[…]` stands in its place. Flag.NAMED says that a body is such a text; bytes in it: wire/named-bytes.ts.
 */

/** Why a message was not taken, as its sender is told. */
export interface NamedError {
  readonly code: string;
  readonly message: string;
  /** Where in the data, as a JSON pointer: `/text`. */
  readonly path?: string;
  /** What was refused, where it carried no id. */
  readonly event?: string;
}

/** @param data as JSON; undefined for none */
export function eventText(event: string, data: string | undefined): string {
  return data === undefined
    ? `{"event":${JSON.stringify(event)}}`
    : `{"event":${JSON.stringify(event)},"data":${data}}`;
}

/** @param data as JSON; undefined for none */
export function requestText(id: number, event: string, data: string | undefined): string {
  return data === undefined
    ? `{"id":${id},"event":${JSON.stringify(event)}}`
    : `{"id":${id},"event":${JSON.stringify(event)},"data":${data}}`;
}

/** @param data as JSON; undefined for none */
export function answerText(id: number, data: string | undefined): string {
  return data === undefined ? `{"id":${id}}` : `{"id":${id},"data":${data}}`;
}

/** @param id undefined for an event, which had none */
export function refusalText(id: number | undefined, error: NamedError): string {
  return id === undefined
    ? `{"error":${JSON.stringify(error)}}`
    : `{"id":${id},"error":${JSON.stringify(error)}}`;
}

/** Where the parts of a text lie, each from its start to before its end. */
export interface NamedSlices {
  /** Of a request, its answer or its refusal; undefined for an event. */
  readonly id: number | undefined;
  /** The event's name, as JSON with its quotes. Both 0 for an answer or a refusal. */
  readonly nameStart: number;
  readonly nameEnd: number;
  /** What it carries; undefined for nothing. */
  readonly member: 'data' | 'args' | 'error' | undefined;
  readonly valueStart: number;
  readonly valueEnd: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN = 0x7b;
const CLOSE = 0x7d;

const ID = '"id":';
const EVENT = '"event":';
const MEMBERS = ['data', 'args', 'error'] as const;

/** Finds the parts of a text without parsing what it carries. @returns undefined for a text of another form */
export function sliceNamed(text: Buffer): NamedSlices | undefined {
  const last = text.length - 1;
  if (last < 1 || text[0] !== OPEN || text[last] !== CLOSE) return undefined;
  let at = 1;
  let id: number | undefined;
  if (standsAt(text, at, ID)) {
    const digits = (at += ID.length);
    id = 0;
    while (text[at] >= ZERO && text[at] <= NINE) id = id * 10 + (text[at++] - ZERO);
    if (at === digits || !Number.isSafeInteger(id)) return undefined;
    if (at === last) return { id, nameStart: 0, nameEnd: 0, member: undefined, valueStart: 0, valueEnd: 0 };
    if (text[at++] !== COMMA) return undefined;
  }
  let nameStart = 0;
  let nameEnd = 0;
  if (standsAt(text, at, EVENT)) {
    nameStart = at + EVENT.length;
    nameEnd = endOfString(text, nameStart);
    if (nameEnd === nameStart) return undefined;
    at = nameEnd;
    if (at === last) return { id, nameStart, nameEnd, member: undefined, valueStart: 0, valueEnd: 0 };
    if (text[at++] !== COMMA) return undefined;
  }
  for (const member of MEMBERS) {
    // a name has data or arguments, what has neither name nor id an error
    if (member === 'error' ? nameEnd > 0 : nameEnd === 0 && id === undefined) continue;
    const key = `"${member}":`;
    if (standsAt(text, at, key)) {
      return { id, nameStart, nameEnd, member, valueStart: at + key.length, valueEnd: last };
    }
  }
  return undefined;
}

/** Where the JSON string ends that begins at `start`; `start` where none does. */
export function endOfString(text: Buffer, start: number): number {
  if (text[start] !== QUOTE) return start;
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === QUOTE) return at + 1;
    if (text[at] === BACKSLASH) at++;
  }
  return start;
}

/**
 * A text as those have it who know of no arguments: none and one of them are no data and data.
 *
 * @param text of any form: what is not in ours stays as it is
 */
export function withoutArguments(text: Buffer): Buffer | string {
  const slices = sliceNamed(text);
  if (slices?.member !== 'args') return text;
  const { valueStart, valueEnd } = slices;
  const count = argumentCount(text, valueStart, valueEnd);
  if (count > 1) return text;
  const head = text.toString('utf8', 0, valueStart - '"args":'.length);
  if (count === 0) return `${head.slice(0, -1)}}`;
  return `${head}"data":${text.toString('utf8', valueStart + 1, valueEnd - 1)}}`;
}

/** How many values a list has, as far as that matters: 0, 1 or more. What is no list is more. */
function argumentCount(text: Buffer, start: number, end: number): number {
  if (text[start] !== OPEN_LIST || text[end - 1] !== CLOSE_LIST) return 2;
  let depth = 0;
  let found = 0;
  for (let at = start + 1; at < end - 1; at++) {
    const byte = text[at];
    if (byte === QUOTE) {
      const after = endOfString(text, at);
      if (after === at) return 2;
      at = after - 1;
    }
    if (byte === OPEN || byte === OPEN_LIST) depth++;
    else if (byte === CLOSE || byte === CLOSE_LIST) depth--;
    else if (byte === COMMA && depth === 0) return 2;
    if (byte > 0x20) found = 1;
  }
  return found;
}

/** @param word ASCII */
function standsAt(text: Buffer, at: number, word: string): boolean {
  for (let index = 0; index < word.length; index++) {
    if (text[at + index] !== word.charCodeAt(index)) return false;
  }
  return true;
}

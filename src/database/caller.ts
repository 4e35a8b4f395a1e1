import { isAbsolute, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Frames that are kept: each costs some microseconds. Two are ours. */
const FRAMES = 6;
/** The same where a query builder is in between, which has many. */
export const MANY_FRAMES = 20;
/** This part of the package, as it runs and as source maps name it. */
const OWN = [new URL('.', import.meta.url), new URL('../../src/database/', import.meta.url)].flatMap(
  (url) => [url.href, fileURLToPath(url)],
);

/** Who made a call, for errors that come later. The stack is only read when it is asked for. */
export class Caller {
  declare readonly stack: string;

  constructor(frames = FRAMES) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = frames;
    Error.captureStackTrace(this, Caller);
    Error.stackTraceLimit = stackTraceLimit;
  }

  /** The caller's frames, without ours and node's. */
  get frames(): readonly string[] {
    const lines = this.stack.split('\n').slice(1);
    return lines.filter((line) => !/\(?node:/.test(line) && !OWN.some((own) => line.includes(own)));
  }

  /** File and line of the user's code, `events/chat.ts:12`; undefined when none is in the stack. */
  get place(): string | undefined {
    const line = this.frames.find((frame) => !frame.includes('/node_modules/'));
    const found = /(?:\(|at (?:async )?)([^()]+):(\d+):\d+\)?$/.exec(line ?? '');
    if (found === null) return undefined;
    const [, file, number] = found;
    const path = file.startsWith('file:') ? fileURLToPath(file) : file;
    const inside = relative(process.cwd(), path);
    return `${inside.startsWith('..') || isAbsolute(inside) ? path : inside}:${number}`;
  }
}

import type { RequestEntry } from './request-entry.js';

/** A line of the log. */
export interface LogLine {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** pino's: 30 info, 40 warning, 50 error. */
  readonly level: number;
  readonly text: string;
  /** The node that says who it is: one of a group. */
  readonly node: string | null;
  /** The worker that it is about, or that has logged it. */
  readonly worker: number | null;
  /** Of the error that it tells of. */
  readonly stack: string | null;
}

/** What the log has said lately: a few hundred lines at most. */
export interface LogPart {
  readonly lines: readonly LogLine[];
  /** What to ask for as `after`, to hear what follows. */
  readonly next: string;
}

/** The last lines of a process, as they are in the log, and the number of the last. */
export interface RawLog {
  readonly lines: readonly string[];
  readonly last: number;
}

/** Characters of a text that are told. */
const LENGTH = 4000;

const args = { after: { type: 'text', maximum: 10_000 } } as const;

/** `{"command":"log","after":""}`: a LogPart. Before somebody asks only warnings and errors are kept. */
export const logRequest: RequestEntry<typeof args, LogPart> = {
  args,
  changes: false,
  ofNode: (node, { after }) => partOf(node.log(numberOf(after))),

  // `after` has a number for the first process, and one for each node
  async ofGroup(group, { after }) {
    const places = after.split(',');
    const own = partOf(group.log(numberOf(places[0])));
    const parts = await Promise.all(
      group.members.map(async (member, index) => {
        const place = places.at(index + 1) ?? '';
        const part = await member.answerTo({ command: 'log', after: place });
        if (part === undefined) return { lines: [], next: place };
        // what a worker of it logs does not say whose it is
        return { ...part, lines: part.lines.map((line) => ({ ...line, node: line.node ?? member.name })) };
      }),
    );
    const all = [own, ...parts];
    return {
      lines: all.flatMap(({ lines }) => lines).toSorted((one, other) => one.time - other.time),
      next: all.map(({ next }) => next).join(','),
    };
  },
};

function partOf({ lines, last }: RawLog): LogPart {
  return { lines: lines.map(parse), next: String(last) };
}

function parse(line: string): LogLine {
  let fields: Partial<Record<string, unknown>>;
  try {
    fields = Object(JSON.parse(line));
  } catch {
    // it was too long to be kept whole
    fields = { msg: line };
  }
  const { time, level, msg, node, worker, err } = fields;
  const { stack } = Object(err) as { readonly stack?: unknown };
  return {
    time: Number(time ?? 0),
    level: Number(level ?? 0),
    text: typeof msg === 'string' ? msg.slice(0, LENGTH) : '',
    node: typeof node === 'string' ? node : null,
    worker: typeof worker === 'number' ? worker : null,
    stack: typeof stack === 'string' ? stack.slice(0, LENGTH) : null,
  };
}

function numberOf(place: string): number {
  return Number.parseInt(place, 10) || 0;
}

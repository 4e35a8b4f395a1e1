import { inspect } from 'node:util';

/** An error as people read it. What user code or a library throws says why in `cause`, and fetch in the cause's cause. */

const MAX_CAUSES = 10;

/** What went wrong and why, on one line: `fetch failed: connect ECONNREFUSED 127.0.0.1:80`. */
export function messageOf(error: unknown): string {
  let text = '';
  for (const at of chainOf(error)) {
    const own = ownMessage(at);
    // many a message has its cause's within it
    if (!text.includes(own)) text += text === '' ? own : `: ${own}`;
  }
  return text;
}

/** With a full stop at its end, unless it has its own already: what others write ends as they like. */
export function sentence(text: string): string {
  return /[.!?…。！？]\s*$/.test(text) ? text : `${text}.`;
}

/** Where an error comes from, and its causes, without node's own lines, which tell nobody anything. */
export function stackOf(error: unknown): string {
  return [...chainOf(error)].map(ownStack).join('\ncaused by: ');
}

/** An error, its cause, the cause's cause, and so on. */
function* chainOf(error: unknown): Generator {
  const seen = new Set<unknown>();
  for (let at = error; !seen.has(at) && seen.size <= MAX_CAUSES; at = at.cause) {
    yield at;
    seen.add(at);
    if (!(at instanceof Error) || at.cause === undefined) return;
  }
}

function ownMessage(error: unknown): string {
  if (!(error instanceof Error)) return textOf(error);
  const { message, name } = error;
  // node leaves it to its parts to say what happened: the attempts at each address of a host
  const parts = error instanceof AggregateError ? error.errors.map(messageOf) : [];
  const code = 'code' in error && typeof error.code === 'string' ? error.code : name;
  if (parts.length === 0) return message || code;
  return `${message || code} (${parts.join('; ')})`;
}

function ownStack(error: unknown): string {
  if (!(error instanceof Error)) return textOf(error);
  const lines = (error.stack ?? `${error.name}: ${error.message}`).split('\n');
  const own = lines.filter((line) => !/^ +at .*\(?node:/.test(line)).join('\n');
  const parts = error instanceof AggregateError ? error.errors.map((part) => `\n  - ${messageOf(part)}`) : [];
  return own + parts.join('');
}

/** Whatever else was thrown. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { depth: 1, breakLength: Infinity });
}

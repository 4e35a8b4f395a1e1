import type { ReadStream, WriteStream } from 'node:tty';
import { setTimeout as delay } from 'node:timers/promises';

const INTERVAL = 1000;

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const NO_WRAP = '\u001b[?7l';
const WRAP = '\u001b[?7h';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/** The keys that leave: q, Q, Ctrl-C, Ctrl-D, and Escape by itself. */
const LEAVING_KEYS = new Set(['q', 'Q', '\u0003', '\u0004', '\u001b']);

/** Shows on the whole terminal what `draw` gives, anew each second, until a key or a signal ends it. */
export async function showLive(
  draw: () => Promise<readonly string[]>,
  { input, output }: { input: ReadStream; output: WriteStream },
): Promise<void> {
  const left = new AbortController();
  const leave = (): void => left.abort();
  const onKey = (key: Buffer): void => {
    if (LEAVING_KEYS.has(key.toString())) leave();
  };
  let shown: readonly string[] = [];
  const paint = (): void => void output.write(frame(shown, output.rows));

  output.write(ENTER + NO_WRAP);
  if (input.isTTY) input.setRawMode(true).on('data', onKey).resume();
  output.on('resize', paint);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, leave);
  try {
    while (!left.signal.aborted) {
      shown = await Promise.race([draw(), whenAborted(left.signal, shown)]);
      paint();
      await delay(INTERVAL, undefined, { signal: left.signal }).catch(() => {});
    }
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, leave);
    output.off('resize', paint);
    if (input.isTTY) input.off('data', onKey).setRawMode(false).pause();
    output.write(WRAP + LEAVE);
  }
}

/** Everything at once, over what was there, so that nothing flickers. */
function frame(lines: readonly string[], rows: number): string {
  const fitting =
    lines.length > rows ? [...lines.slice(0, rows - 1), `… ${lines.length - rows + 1} more lines`] : lines;
  return HOME + fitting.map((line) => line + CLEAR_LINE).join('\r\n') + CLEAR_BELOW;
}

async function whenAborted<T>(signal: AbortSignal, value: T): Promise<T> {
  return await new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(value), { once: true });
  });
}

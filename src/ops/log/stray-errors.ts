import { fileURLToPath } from 'node:url';
import type { Clock } from '../../base/clock.js';
import { GatewayError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { LogOnce } from '../../base/log-once.js';

/** Where this package's own code lies, as stack traces name it. */
const OWN_FOLDER = new URL('../../', import.meta.url).href;
const OWN_PATH = fileURLToPath(OWN_FOLDER);
/** A file in a line of a stack trace, with a path or as a URL. */
const FILE = /(?:\(|at (?:async )?)((?:file:\/\/|\/|[A-Za-z]:\\)[^()]*?):\d+:\d+\)?$/;

/**
 * Whose code an error that nobody caught comes from, by its stack:
 *
 *   user     a file of the user's is in it: a protocol or router module, or what a configuration left running
 *   own      files of this package are, and none of the user's: a mistake of ours, after which nothing can be relied on
 *   helper   only packages and node itself: something that failed late, such as a process that did not start
 */
export function originOf(error: unknown): 'user' | 'own' | 'helper' {
  const stack = error instanceof Error ? String(error.stack) : '';
  let own = false;
  for (const line of stack.split('\n')) {
    const file = FILE.exec(line)?.[1];
    if (file === undefined) continue;
    if (file.startsWith(OWN_FOLDER) || file.startsWith(OWN_PATH)) own = true;
    else if (!/[\\/]node_modules[\\/]/.test(file)) return 'user';
  }
  return own ? 'own' : 'helper';
}

/**
 * Errors that nobody caught, thrown by timers and events or left in promises, in a process that is to live on: they are
 * logged, once a minute for each kind, and it goes on. While it starts, they are why it does not. An error of our own ends
 * it, as node would: things may be half done, and hiding it would help nobody.
 */
export class StrayErrors {
  readonly #end: (error: unknown) => void;
  readonly #clock: Clock;
  #log: LogOnce | undefined;
  #refuse: ((error: GatewayError) => void) | undefined;

  /** @param end ends the process because of an error of our own, which it shows */
  constructor(clock: Clock, end: (error: unknown) => void) {
    this.#clock = clock;
    this.#end = end;
  }

  /** From now on. A promise that was rejected comes here as well, unless node is told otherwise (--unhandled-rejections). */
  watch(): this {
    process.on('uncaughtException', (error: unknown) => this.caught(error));
    return this;
  }

  /** Where it is said: from now on the process can go on. */
  logTo(log: Logger): void {
    this.#log = new LogOnce(log, this.#clock);
  }

  /** @internal */
  caught(error: unknown): void {
    const origin = originOf(error);
    if (origin !== 'own' && this.#refuse) {
      this.#refuse(late(error, origin));
    } else if (origin !== 'own' && this.#log) {
      const message = `nobody caught an error of ${NAMES[origin]}, and the process goes on: ${describe(error)}`;
      this.#log.error(`stray error: ${describe(error)}`, { err: error }, message);
    } else {
      this.#end(error);
    }
  }

  /** Settles as a start does, unless an error comes meanwhile that nobody catches: GW_PROTOCOL_MODULE or GW_CONTROL. */
  async during<T>(start: Promise<T>): Promise<T> {
    const refused = new Promise<never>((_, reject) => (this.#refuse = reject));
    try {
      return await Promise.race([start, refused]);
    } finally {
      this.#refuse = undefined;
    }
  }
}

const NAMES = {
  user: 'a protocol or router module, or of the configuration',
  helper: 'a package or a helper process',
} as const;

function late(cause: unknown, origin: 'user' | 'helper'): GatewayError {
  const stack = cause instanceof Error && origin === 'user' ? cause.stack : describe(cause);
  return new GatewayError(
    origin === 'user' ? 'GW_PROTOCOL_MODULE' : 'GW_CONTROL',
    `While the node started, nobody caught an error of ${NAMES[origin]}: ${stack}`,
    { cause },
  );
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

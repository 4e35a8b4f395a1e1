import { StatementBuilder } from '#src/database/builder/builder.js';
import { type Parameters, bindParameters } from '#src/database/builder/parameters.js';
import type { CompiledStatement, Dialect, StatementRunner } from '#src/database/builder/statement.js';

/** A chain of calls on PHP's class, and what came of it. */
export interface RecordedChain {
  readonly name: string;
  readonly calls: readonly RecordedCall[];
  readonly sql?: string | null;
  readonly prepared?: string | null;
  readonly binds?: Readonly<Record<string, unknown>> | null;
  /** In PHP's order: `[':name' or place, value]`. */
  readonly bound?: readonly (readonly [string | number, unknown])[] | null;
  readonly error?: string;
  /** The call that failed; 'build' when it was none. */
  readonly error_at?: number | 'build';
  readonly returns?: readonly (readonly [call: number, value: unknown])[];
  readonly executed?: readonly {
    prepared: string;
    bound: readonly (readonly [string | number, unknown])[];
  }[];
}

export type RecordedCall = readonly [method: string, ...args: unknown[]];

/** What our builder makes of a recorded chain, as far as it comes. */
export interface Replay {
  readonly builder: StatementBuilder;
  readonly returns: (readonly [call: number, value: unknown])[];
  /** Each statement that ran: as it was written, and as the driver gets it or the error. */
  readonly executed: { readonly text: string; readonly compiled: CompiledStatement | Error }[];
}

export class Refused extends Error {
  readonly at: number;
  override readonly cause: unknown;

  constructor(at: number, cause: unknown) {
    super(`call ${at} was refused`);
    this.at = at;
    this.cause = cause;
  }
}

export function emptyBuilder(dialect: Dialect = 'mysql'): StatementBuilder {
  const runner: StatementRunner = { dialect, run: never, runForCells: never };
  return StatementBuilder.of(runner);
}

function never(): Promise<never> {
  return Promise.reject(new Error('nothing runs here'));
}

const ENDINGS = ['query', 'row', 'column', 'single'];

/** Makes the calls; a statement that ran is followed by an empty builder, as ours are begun anew. */
export function replay(calls: readonly RecordedCall[]): Replay {
  let builder = emptyBuilder();
  const returns: [number, unknown][] = [];
  const executed: Replay['executed'] = [];
  for (const [at, [method, ...args]] of calls.entries()) {
    try {
      const values = args.map((value) => decoded(value));
      if (ENDINGS.includes(method)) {
        executed.push(ended(builder, values));
        builder = emptyBuilder();
        continue;
      }
      const result = called(builder, method, values);
      if (result instanceof StatementBuilder) builder = result;
      else returns.push([at, result]);
    } catch (error) {
      throw new Refused(at, error);
    }
  }
  return { builder, returns, executed };
}

function called(builder: StatementBuilder, method: string, args: unknown[]): unknown {
  const calls = builder as unknown as Record<string, (...values: unknown[]) => unknown>;
  return calls[method](...args);
}

function ended(builder: StatementBuilder, [sql = '', params]: unknown[]): Replay['executed'][number] {
  const raw = (sql as string).trim();
  if (raw === '' || raw === '0') return { text: textOf(builder), compiled: attempt(() => builder.compile()) };
  return { text: raw, compiled: attempt(() => bindParameters(raw, params as Parameters, 'mysql')) };
}

/** With the line break behind UNION that PHP prepares. */
function textOf(builder: StatementBuilder): string {
  return builder.toString().replaceAll(/ (UNION(?: ALL)?) /g, ' $1\n');
}

export function attempt<Value>(make: () => Value): Value | Error {
  try {
    return make();
  } catch (error) {
    return error as Error;
  }
}

function decoded(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  if ('$builder' in value) return replay(value.$builder as RecordedCall[]).builder;
  if ('$map' in value) return new Map(value.$map as [string | number, unknown][]);
  return value;
}

import { once } from 'node:events';
import type { TraceEntry, TracePart } from '../ops/requests/trace.js';
import { painter } from '../ops/view/table.js';
import { otherGateways, traceLine } from '../ops/view/trace-view.js';
import type { TraceOptions } from './options.js';

/** What people see of a trace: its entries on standard output, and on standard error what is to be said about it. */
export class TraceOutput {
  readonly #named: boolean;
  readonly #json: boolean;
  readonly #count: number;
  readonly #paint = painter(process.stdout.isTTY && process.stdout.hasColors());
  #shown = 0;
  #dropped = 0;
  #missing = '';

  /** @param named whether each line says which client it is about */
  constructor(named: boolean, { json = false, count = Infinity }: Pick<TraceOptions, 'json' | 'count'>) {
    this.#named = named;
    this.#json = json;
    this.#count = count;
  }

  /** Whether as many entries have been shown as were asked for. */
  get full(): boolean {
    return this.#shown >= this.#count;
  }

  begin({ clients, others = [] }: TracePart): void {
    if (others.length > 0) tell(otherGateways(others));
    const whom = clients === 1 ? '1 client' : `${clients === 0 ? 'no' : clients} clients`;
    tell(`tracing ${whom}${clients === 0 ? ' yet, and whoever comes' : ''}; Ctrl-C ends it`);
  }

  /** Resolves when whoever reads has taken it. */
  async add({ entries, dropped, missing = [] }: TracePart): Promise<void> {
    if (dropped > 0) tell(`${dropped} entries are left out: more happened than can be shown`);
    this.#dropped += dropped;
    this.#tellMissing(missing.join(', '));
    for (const entry of entries) {
      if (this.full) return;
      // that it is here has not happened now
      if (entry.what !== 'here') this.#shown++;
      if (!process.stdout.write(`${this.#lineOf(entry)}\n`)) await once(process.stdout, 'drain');
    }
  }

  end(message: string): void {
    const dropped = this.#dropped === 0 ? '' : `, ${this.#dropped} left out`;
    tell(`${message} ${this.#shown} entries${dropped}.`);
  }

  #lineOf(entry: TraceEntry): string {
    return this.#json ? JSON.stringify(entry) : traceLine(entry, this.#named, this.#paint);
  }

  #tellMissing(missing: string): void {
    if (missing !== this.#missing && missing !== '') {
      tell(`without what happens at ${missing}: no answer, or it has just begun to trace anew`);
    }
    this.#missing = missing;
  }
}

function tell(line: string): void {
  process.stderr.write(`gatewayworker: ${line}\n`);
}

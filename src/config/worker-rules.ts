import type { Problem } from './problem.js';
import { isRecord } from './record.js';
import { SMALLEST_MAX_MEMORY } from './schema.js';

const MEBIBYTE = 2 ** 20;
/** Numbers that are more likely to be meant as MiB than as bytes. */
const LIKELY_MEBIBYTES = { from: 16, to: 65_536 };

/** What JSON Schema cannot say of the workers. As in listener-rules.ts, the schema may have refused the configuration. */
export function workerProblems(config: unknown): Problem[] {
  const worker = isRecord(config) && config.worker;
  if (!isRecord(worker)) return [];
  const { maxMemory } = worker;
  if (typeof maxMemory !== 'number' || maxMemory <= 0 || maxMemory >= SMALLEST_MAX_MEMORY) return [];
  const likely = maxMemory >= LIKELY_MEBIBYTES.from && maxMemory <= LIKELY_MEBIBYTES.to;
  const meant = likely ? `; did you mean ${maxMemory * MEBIBYTE} (${maxMemory} MiB)?` : '';
  const text = `found ${maxMemory}, expected bytes: 0 for no limit, or at least ${SMALLEST_MAX_MEMORY} (16 MiB)${meant}`;
  return [{ key: 'worker.maxMemory', text }];
}

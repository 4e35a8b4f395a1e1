import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GatewayError } from '#src/base/errors.js';
import type { CompiledStatement } from '#src/database/builder/statement.js';
import { fixtureLines } from '../../support/fixtures.js';
import { DIFFERENCES, type Difference } from './differences.js';
import { type RecordedChain, Refused, attempt, replay } from './recorded-chain.js';

const chains = fixtureLines<RecordedChain>('mysql-builder.jsonl');

describe('the chains recorded from Workerman\\MySQL\\Connection', () => {
  for (const chain of chains) {
    const difference = Object.hasOwn(DIFFERENCES, chain.name) ? DIFFERENCES[chain.name] : undefined;
    if (difference?.absent) continue;
    it(difference === undefined ? chain.name : `${chain.name} (otherwise: ${difference.reason})`, () => {
      check(chain, difference ?? {});
    });
  }

  it('has differences that are in the file only, and none that is none', () => {
    const names = chains.map(({ name }) => name);
    assert.equal(names.length, 246);
    for (const [name, difference] of Object.entries(DIFFERENCES)) {
      assert.ok(names.includes(name), name);
      const chain = chains.find((one) => one.name === name);
      assert.throws(() => check(chain as RecordedChain, {}), `${name}: ${difference.reason}`);
    }
  });
});

/** Where PDO would not run the statement, because parameters and values do not fit, ours has to refuse it. */
function check(chain: RecordedChain, difference: Omit<Difference, 'reason'>): void {
  const replayed = attempt(() => replay(chain.calls));
  const text = replayed instanceof Error ? replayed : attempt(() => replayed.builder.toString());
  if (difference.refused !== undefined || (difference.sql === undefined && chain.error !== undefined)) {
    checkRefusal(chain, text, difference.refused);
    return;
  }
  if (replayed instanceof Error) throw replayed;
  const others = new Map(difference.returns);
  assert.deepEqual(
    replayed.returns,
    (chain.returns ?? []).map(([at, value]) => [at, others.get(at) ?? value]),
  );
  for (const [index, { prepared, bound }] of (chain.executed ?? []).entries()) {
    assert.equal(replayed.executed[index].text, prepared);
    checkValues(replayed.executed[index].compiled, difference.values ?? valuesIn(prepared, bound));
  }
  if (typeof chain.sql !== 'string' && difference.sql === undefined) return;
  assert.equal(text, difference.sql ?? chain.sql);
  const compiled = attempt(() => replayed.builder.compile());
  if (difference.notRun !== undefined) {
    assert.match(compiled instanceof Error ? compiled.message : '', difference.notRun);
    checkValues(compiled, undefined);
    return;
  }
  const bound = chain.bound ?? [];
  checkValues(compiled, difference.values ?? valuesIn(chain.sql ?? '', bound));
  if (difference.values !== undefined) return;
  const byName = bound.map(([key, value]) => [String(key).replace(/^:/, ''), value]);
  assert.deepEqual(replayed.builder.getBindValues(), Object.fromEntries(byName));
}

function checkRefusal(chain: RecordedChain, refusal: unknown, message: RegExp | undefined): void {
  const cause = refusal instanceof Refused ? refusal.cause : refusal;
  assert.ok(cause instanceof GatewayError, String(cause));
  assert.equal(cause.code, 'GW_SQL');
  if (message === undefined) assert.equal(refusal instanceof Refused ? refusal.at : 'build', chain.error_at);
  else assert.match(cause.message, message);
}

function checkValues(compiled: CompiledStatement | Error, values: readonly unknown[] | undefined): void {
  if (values === undefined) {
    assert.ok(compiled instanceof GatewayError, JSON.stringify(compiled));
    assert.equal(compiled.code, 'GW_SQL');
    return;
  }
  if (compiled instanceof Error) throw compiled;
  assert.deepEqual(compiled.values, values);
}

/** What PHP bound, in the order of the parameters in the text; undefined when they do not fit. */
function valuesIn(
  text: string,
  bound: readonly (readonly [string | number, unknown])[],
): unknown[] | undefined {
  const values = new Map(bound);
  const names = bound.flatMap(([key]) =>
    typeof key === 'string' ? [key.replaceAll('.', String.raw`\.`)] : [],
  );
  const pattern = new RegExp(['\'[^\']*\'|"[^"]*"', ...names, ':\\w+|\\?'].join('|'), 'g');
  let place = 0;
  const keys = [...text.matchAll(pattern)]
    .map(([found]) => (found === '?' ? ++place : found))
    .filter((key) => typeof key === 'number' || key.startsWith(':'));
  const fits = keys.every((key) => values.has(key)) && bound.every(([key]) => keys.includes(key));
  return fits ? keys.map((key) => values.get(key)) : undefined;
}

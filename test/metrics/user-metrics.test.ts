import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { metrics } from '#src/metrics/user-metrics.js';
import { boot, type BootOptions, type TestApp, type TestClient } from '#src/testing/index.js';
import { configFolder } from '../support/config-folder.js';

async function app(t: TestContext, options: BootOptions): Promise<TestApp> {
  const started = await boot(options);
  t.after(async () => await started.close());
  return started;
}

/** Has the application handle this, and waits until it has. */
async function say(on: TestApp, client: TestClient, ...messages: readonly string[]): Promise<void> {
  for (const message of messages) client.send(message);
  await on.settled();
}

const said = metrics.counter('said_total', { help: 'Messages.', labelNames: ['kind', 'size'] });
const here = metrics.gauge('here', { help: 'Clients.' });
const took = metrics.histogram('took_seconds', { help: 'Time.', buckets: [0.1, 1] });

const EVENTS: BootOptions['events'] = {
  onConnect: () => here.inc(),
  onMessage(_client, message) {
    said.inc({ kind: String(message), size: 1 });
    took.observe(Number(message));
  },
  onClose: () => here.dec(),
};

/** Code that counts visits by a metric that is made so. */
const visiting = (made: string): string => `
  import { defineEvents, metrics } from 'gatewayworker';
  const visits = metrics.${made};
  export default defineEvents({ onMessage: () => visits.inc() });`;

describe("an application's metrics", () => {
  it('are the sum of all workers', async (t) => {
    const tested = await app(t, { events: EVENTS, workers: 3 });
    const clients = await Promise.all(Array.from({ length: 6 }, async () => await tested.connect()));
    for (const client of clients) await say(tested, client, '0.05', '5');
    assert.equal(tested.metric('said_total'), 12);
    assert.equal(tested.metric('said_total', { kind: '5', size: '1' }), 6);
    assert.equal(tested.metric('here'), 6);
    assert.equal(tested.metric('took_seconds_count'), 12);
    assert.ok(Math.abs(tested.metric('took_seconds_sum') - 6 * 5.05) < 1e-9);
    assert.equal(tested.metric('never_total'), 0);
  });

  it('go on over reloads and crashes, but for the gauges of a thread that is gone', async (t) => {
    const tested = await app(t, { events: EVENTS });
    const client = await tested.connect();
    await say(tested, client, '1');
    await tested.reload();
    await say(tested, client, '1');
    assert.equal(tested.metric('here'), 0);
    await tested.crash();
    await say(tested, client, '1');
    assert.deepEqual([tested.metric('said_total'), tested.metric('took_seconds_count')], [3, 3]);
  });

  it('are those of the code that runs, where a reload makes others of the same name', async (t) => {
    const folder = await configFolder(t, {
      'index.ts': visiting("counter('visits_total', { help: 'Visits.' })"),
    });
    const tested = await app(t, { events: folder });
    const client = await tested.connect();
    await say(tested, client, 'a', 'b');
    assert.equal(tested.metric('visits_total'), 2);
    await writeFile(join(folder, 'index.ts'), visiting("gauge('visits', { help: 'Visits.' })"));
    await tested.reload();
    await say(tested, client, 'a');
    assert.deepEqual([tested.metric('visits'), tested.metric('visits_total')], [1, 0]);
  });

  it('have so many label values, and what is beyond that is said and counted', async (t) => {
    const tested = await app(t, { events: EVENTS });
    const client = await tested.connect();
    // with those that are there without labels
    await say(tested, client, ...Array.from({ length: 1100 }, (_, index) => `${index}`));
    const counted = tested.metric('said_total');
    assert.ok(counted > 990 && counted < 1000, String(counted));
    assert.equal(tested.metric('gatewayworker_metrics_refused_total'), 1100 - counted);
    await say(tested, client, '3');
    assert.equal(tested.metric('said_total'), counted + 1);
    const lines = tested.log.filter(({ metric }) => metric === 'said_total');
    assert.equal(lines.length, 1);
    assert.match(lines[0].msg, /^said_total is not counted for one more than 1000 label values/);
  });

  it('take what clients send as labels for what it is', async (t) => {
    const tested = await app(t, { events: EVENTS });
    const client = await tested.connect();
    await say(tested, client, 'a"\\\n', '__proto__', '', 'x'.repeat(201), 'a\0b');
    assert.equal(tested.metric('said_total'), 4);
    assert.equal(tested.metric('said_total', { kind: '__proto__' }), 1);
    assert.equal(tested.metric('said_total', { kind: 'a\uFFFDb' }), 1);
    assert.equal(tested.metric('gatewayworker_metrics_refused_total'), 1);
    // not a number: the handler fails, after the label was counted
    assert.equal(tested.log.filter(({ msg }) => msg.startsWith('onMessage failed')).length, 4);
  });
});

describe('a metric that cannot be', () => {
  const help = 'Something.';
  const wrong: ReadonlyArray<readonly [what: string, make: () => unknown, message: RegExp]> = [
    ['no name', () => metrics.counter('', { help }), /called ""; expected letters/],
    ['a name with a dash', () => metrics.gauge('a-b', { help }), /called "a-b"; expected letters/],
    ['a name of ours', () => metrics.gauge('gatewayworker_x', { help }), /expected another prefix/],
    ['a counter without _total', () => metrics.counter('a', { help }), /in _total, as counters do: a_total/],
    ['a gauge with _total', () => metrics.gauge('a_total', { help }), /which is for counters/],
    ['a gauge with _count', () => metrics.gauge('a_count', { help }), /which Prometheus adds/],
    ['no help', () => metrics.gauge('a', { help: ' ' }), /has " " as its help; expected a sentence/],
    ['no options', () => metrics.gauge('a', undefined as never), /has nothing as its help/],
    [
      'labels that are no list',
      () => metrics.gauge('a', { help, labelNames: 'kind' as never }),
      /"kind" as its labelNames/,
    ],
    [
      'a label of ours',
      () => metrics.gauge('a', { help, labelNames: ['le'] }),
      /called "le"; expected another name/,
    ],
    [
      'a label that is none',
      () => metrics.gauge('a', { help, labelNames: ['__x'] }),
      /called "__x"; expected letters/,
    ],
    ['a label twice', () => metrics.gauge('a', { help, labelNames: ['x', 'x'] }), /called "x" twice/],
    ['no buckets', () => metrics.histogram('a', { help, buckets: [] }), /\[\] as its buckets/],
    ['buckets that fall', () => metrics.histogram('a', { help, buckets: [2, 1] }), /\[2,1\] as its buckets/],
    ['an endless bucket', () => metrics.histogram('a', { help, buckets: [Infinity] }), /as its buckets/],
    [
      'another of its name',
      () => metrics.gauge('said', { help }),
      /^a gauge said .* and there is a counter said_total/,
    ],
    [
      'one with other labels',
      () => metrics.counter('said_total', { help }),
      /there is a counter said_total with the labels kind, size already/,
    ],
    ['a missing label', () => said.inc({ kind: 'a' } as never), /was given nothing as its label size/],
    [
      'a label of its own',
      () => here.inc({ room: 'a' } as never),
      /was given the label room; expected only its own: \(none\)/,
    ],
    [
      'a label too many',
      () => said.inc({ kind: 'new', size: 2, x: 1 } as never),
      /given the label x; expected only its own: kind, size/,
    ],
    ['no labels', () => said.inc(), /was given nothing as its label kind/],
    [
      'an object as a label',
      () => said.inc({ kind: {} as never, size: 1 }),
      /was given \{\} as its label kind/,
    ],
    [
      'less than nothing',
      () => said.inc({ kind: 'a', size: 1 }, -1),
      /increased by -1; expected 0 or more, or a gauge/,
    ],
    ['no number', () => here.set(Number.NaN), /was given NaN as its value; expected a finite number/],
    ['null', () => took.observe(null as never), /was given null as its value/],
  ];
  for (const [what, make, message] of wrong) {
    it(`is refused: ${what}`, () => assert.throws(make, { code: 'GW_METRIC', message }));
  }

  it('is one more than 500', () => {
    const message = /^made_4\d\d is made, and there are 500 metrics already/;
    assert.throws(
      () => {
        for (let index = 0; index < 501; index++) metrics.gauge(`made_${index}`, { help });
      },
      { code: 'GW_METRIC', message },
    );
  });

  it('is mostly seen by the compiler', () => {
    // @ts-expect-error -- it has no labels
    assert.throws(() => here.set({ room: 'a' }, 1), { code: 'GW_METRIC' });
    // @ts-expect-error -- it has two
    assert.throws(() => said.inc({ kind: 'a' }), { code: 'GW_METRIC' });
    // @ts-expect-error -- it has no value for everybody
    assert.throws(() => took.observe(), { code: 'GW_METRIC' });
    // @ts-expect-error -- it has no help
    assert.throws(() => metrics.gauge('helpless', {}), { code: 'GW_METRIC' });
  });

  it('is not one that is made again as it was', () => {
    metrics.counter('said_total', { help: 'In other words.', labelNames: ['kind', 'size'] });
  });
});

import { BUCKETS } from '#src/backbone/subjects.js';
import { commandLine, misused } from '../command-line.js';
import { marksAMessage } from './marks.js';
import { type Marks, printed } from './report.js';
import { simulate } from './simulate.js';

/*
 * `npm run simulate`: what messages to uids and groups cost a whole of many cells, without any network: names, filters and
 * buckets are the product's own. The same numbers come out of the same seed.
 */

const { values } = commandLine(
  {
    options: {
      nodes: { type: 'string', default: '1000' },
      cells: { type: 'string', default: '40' },
      clients: { type: 'string', default: '10000000' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    },
  },
  `usage: npm run simulate -- [--nodes N] [--cells N] [--clients N] [--seed N] [--json]
  What messages to uids and groups cost a whole of many cells: frames, subjects, deliveries that find nobody.
  --nodes N     how many nodes, all together: 1000
  --cells N     how many cells they make up: 40
  --clients N   how many clients, all together: 10000000
  --seed N      of the random numbers: 1
  --json        the outcome as JSON`,
);

/** Messages to uids that a node sends in a second. */
const RATES = [100, 1000, 10_000];
/** Powers of two, with that of the product among them. */
const BUCKET_COUNTS = [12, 14, 16, 18, 20, 22, 24].map((power) => 2 ** power);

const number = (name: 'nodes' | 'cells' | 'clients' | 'seed'): number => {
  const value = Number(values[name]);
  if (!Number.isSafeInteger(value) || value < 1)
    misused(`--${name} is ${values[name]}; expected a whole number from 1 on`);
  return value;
};
const whole = {
  nodes: number('nodes'),
  cells: number('cells'),
  clients: number('clients'),
  seed: number('seed'),
};
if (whole.nodes < whole.cells * 2) misused('expected two nodes or more in each cell');

const began = performance.now();
const outcome = simulate(whole, BUCKET_COUNTS);
const marks: Marks[] = [];
for (const perSecond of RATES) {
  marks.push({ perSecond, marks: await marksAMessage(BUCKETS, perSecond, whole.seed) });
}
if (values.json) process.stdout.write(`${JSON.stringify({ ...outcome, marks })}\n`);
else {
  process.stdout.write(`${printed(outcome, marks)}\n`);
  process.stderr.write(`\n${((performance.now() - began) / 1000).toFixed(0)} s\n`);
}

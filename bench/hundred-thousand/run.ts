import { loadavg } from 'node:os';
import { commandLine, misused } from '../command-line.js';
import { median } from '../report/statistics.js';
import { align } from '../report/table.js';
import { type Figure, Measurement } from './measurement.js';
import type { Spread } from './nodes.js';

/*
 * `npm run bench:100k`: 100,000 idle websocket clients at six nodes on this machine, and one more that has everybody sent
 * to and counted. Every delivery is checked. Needs some 20,000 descriptors a process, and 3 GB. With `--backbone` the
 * same nodes are three cells after that, which a NATS server joins.
 */

const { values } = commandLine(
  {
    options: {
      nodes: { type: 'string', default: '6' },
      clients: { type: 'string', default: '100000' },
      backbone: { type: 'boolean', default: false },
    },
  },
  `usage: npm run bench:100k -- [--nodes N] [--clients N] [--backbone]
  Idle clients at several nodes on this machine, and one that has everybody sent to and counted.
  --nodes N     how many nodes: 6
  --clients N   how many clients, all together: 100000
  --backbone    then once more with the nodes as three cells and a NATS server`,
);

const CELLS = 3;
const mesh: Spread = {
  nodes: Number(values.nodes),
  cells: 1,
  clients: Number(values.clients),
  groups: Number(values.clients) / 100,
  // two clients each, at different nodes
  uids: Number(values.clients) / 2,
};
if (values.backbone && mesh.nodes < CELLS) misused(`--backbone is for ${CELLS} nodes or more`);
/** Milliseconds for all of it. */
const LIMIT = values.backbone ? 600_000 : 300_000;

const limit = setTimeout(() => {
  process.stderr.write(`not done after ${LIMIT / 1000} s\n`);
  // the processes that were started end with this one
  process.exit(1);
}, LIMIT);

try {
  const inMesh = await measure(mesh, 'one mesh');
  if (values.backbone) {
    say('');
    const inCells = await measure({ ...mesh, cells: CELLS }, `${CELLS} cells and a NATS server`);
    say(`\n${compared(inMesh, inCells)}`);
  }
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
clearTimeout(limit);

async function measure(spread: Spread, what: string): Promise<readonly Figure[]> {
  say(`${spread.clients} clients at ${spread.nodes} nodes, ${what}; ${load()}`);
  const figures = await Measurement.run(spread, say);
  say(`all delivered, each once; ${load()}`);
  return figures;
}

/** Medians side by side. */
function compared(inMesh: readonly Figure[], inCells: readonly Figure[]): string {
  const kinds = [...new Set(inMesh.map(({ what }) => what))];
  return align([
    ['', 'mesh', 'its nodes', 'backbone', 'its nodes', 'NATS'],
    ...kinds.map((kind) => [kind, ...medians(inMesh, kind), ...medians(inCells, kind)]),
  ]);
}

function medians(figures: readonly Figure[], kind: string): string[] {
  const same = figures.filter(({ what }) => what === kind);
  const nats = same.flatMap(({ natsCpu }) => natsCpu ?? []);
  return [
    `${median(same.map(({ milliseconds }) => milliseconds)).toFixed(0)} ms`,
    `${median(same.map(({ cpu }) => cpu)).toFixed(2)} s`,
    ...(nats.length === 0 ? [] : [`${median(nats).toFixed(2)} s`]),
  ];
}

function load(): string {
  return `load ${loadavg()
    .map((average) => average.toFixed(1))
    .join(' ')}`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

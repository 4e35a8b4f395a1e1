import { loadavg } from 'node:os';
import { commandLine } from '../command-line.js';
import { messageBytes } from '../load/messages.js';
import { seconds } from '../load/window.js';
import { Audience } from './audience.js';
import { Commander } from './commander.js';
import { Nodes, type Spread, clientsPerNode } from './nodes.js';

/*
 * `npm run bench:100k`: 100,000 idle websocket clients at six nodes on this machine, and one more that has everybody sent
 * to and counted. Every delivery is checked. Needs some 20,000 descriptors a process, and 3 GB.
 */

const { values } = commandLine(
  {
    options: {
      nodes: { type: 'string', default: '6' },
      clients: { type: 'string', default: '100000' },
    },
  },
  `usage: npm run bench:100k -- [--nodes N] [--clients N]
  Idle clients at several nodes on this machine, and one that has everybody sent to and counted.
  --nodes N     how many nodes: 6
  --clients N   how many clients, all together: 100000`,
);

const spread: Spread = {
  nodes: Number(values.nodes),
  clients: Number(values.clients),
  groups: Number(values.clients) / 100,
  // two clients each, at different nodes
  uids: Number(values.clients) / 2,
};
/** Milliseconds for all of it. */
const LIMIT = 300_000;
/** How often each send is repeated. */
const ROUNDS = 3;
const MEBIBYTE = 2 ** 20;

const limit = setTimeout(() => {
  process.stderr.write(`not done after ${LIMIT / 1000} s\n`);
  // the processes that were started end with this one
  process.exit(1);
}, LIMIT);

try {
  await measure();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
clearTimeout(limit);

async function measure(): Promise<void> {
  say(`${spread.clients} clients at ${spread.nodes} nodes; ${load()}`);
  const nodes = await Nodes.start(spread);
  const audience = new Audience(spread.nodes);
  try {
    await measureWith(nodes, audience);
  } finally {
    await audience.stop();
    await nodes.stop();
  }
}

async function measureWith(nodes: Nodes, audience: Audience): Promise<void> {
  const empty = nodes.memory;

  const each = clientsPerNode(spread);
  const shares = nodes.ports.map((_, index) => Math.min(each, spread.clients - index * each));
  await timed(nodes, 'connecting and signing in', async () => {
    await nodes.orExit(audience.open(nodes.ports, shares));
  });
  const commander = await Commander.connect(nodes.ports[0]);
  tellMemory('with all clients', nodes.memory, empty);

  await ask(nodes, commander, 'getAllClientIdCount', spread.clients + 1);
  await ask(nodes, commander, 'getAllUidCount', spread.uids);
  await ask(nodes, commander, 'getClientIdCountByGroup', spread.clients, 'everybody');

  let message = 0;
  const sends = [
    ['sendToAll', 'sendToAll', (text: string) => [text]],
    ['sendToGroup, one group of all', 'sendToGroup', (text: string) => ['everybody', text]],
    [`sendToGroup, ${spread.groups} groups of 100`, 'sendToEachGroup', (text: string) => [text]],
  ] as const;
  for (const [title, call, args] of sends) {
    for (let round = 0; round < ROUNDS; round++) {
      const text = messageBytes('a', 0, ++message).toString();
      await audience.expect(message);
      const [began, cpu] = [now(), nodes.cpu];
      await nodes.orExit(commander.call(call, ...args(text)));
      const took = (await nodes.orExit(audience.receive())) - began;
      say(
        `${title}: ${spread.clients} deliveries, the last one after ${took.toFixed(0)} ms (${(nodes.cpu - cpu).toFixed(2)} s of processor time in the nodes)`,
      );
    }
  }
  // whatever came twice shows as the clients' next message
  await audience.expect(message + 1);
  await seconds(1);
  await commander.call('sendToAll', messageBytes('a', 0, message + 1).toString());
  await audience.receive();

  await ask(nodes, commander, 'getAllClientIdCount', spread.clients + 1);
  tellMemory('after all that', nodes.memory, empty);
  say(`all delivered, each once; ${load()}`);
  commander.close();
}

/** A query whose answer is known. */
async function ask(
  nodes: Nodes,
  commander: Commander,
  call: string,
  expected: number,
  ...args: unknown[]
): Promise<void> {
  await timed(nodes, `${call} = ${expected}`, async () => {
    const answer = await nodes.orExit(commander.call(call, ...args));
    if (answer !== expected) throw new Error(`${call} gave ${String(answer)}; expected ${expected}`);
  });
}

async function timed(nodes: Nodes, what: string, work: () => Promise<void>): Promise<void> {
  const [began, cpu] = [now(), nodes.cpu];
  await work();
  say(
    `${what}: ${(now() - began).toFixed(0)} ms (${(nodes.cpu - cpu).toFixed(2)} s of processor time in the nodes)`,
  );
}

function tellMemory(when: string, memory: readonly number[], empty: readonly number[]): void {
  const each = memory.map((bytes) => (bytes / MEBIBYTE).toFixed(0)).join(', ');
  const grown = memory.reduce((total, bytes, index) => total + bytes - empty[index], 0);
  say(`memory of the nodes ${when}: ${each} MiB, ${(grown / spread.clients / 1024).toFixed(1)} KiB a client`);
}

function load(): string {
  return `load ${loadavg()
    .map((average) => average.toFixed(1))
    .join(' ')}`;
}

/** Milliseconds on the clock that all processes of this machine share. */
function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

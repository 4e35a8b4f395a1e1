import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { UserConfig } from '#src/config/user-config.js';
import { cpuSeconds, residentBytes } from '../load/process-usage.js';
import { Child } from '../servers/child.js';
import { removeFolder, temporaryFolder } from '../servers/temporary-folder.js';
import { Cells } from './cells.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const EVENTS = fileURLToPath(new URL('../../bench/hundred-thousand/events', import.meta.url));
const INFO = 30;

/** How the clients are spread; the event app is told the same. */
export interface Spread {
  readonly nodes: number;
  /** How many meshes they make up: one, or several that NATS joins. */
  readonly cells: number;
  readonly clients: number;
  readonly groups: number;
  readonly uids: number;
}

export function clientsPerNode({ clients, nodes }: Spread): number {
  return Math.ceil(clients / nodes);
}

/** Nodes on this machine, each a process with a gateway and a worker. */
export class Nodes {
  /** Of their websocket listeners. */
  readonly ports: readonly number[];
  readonly #children: readonly Child[];
  readonly #cells: Cells;
  readonly #folder: string;

  static async start(spread: Spread): Promise<Nodes> {
    const folder = await temporaryFolder();
    const cells = await Cells.open(spread.cells);
    const children: Child[] = [];
    const ports = await Promise.all(
      Array.from({ length: spread.nodes }, async (_, index) => {
        const config: UserConfig = {
          name: `node-${index}`,
          gateway: { listen: [{ url: 'ws://127.0.0.1:0' }], lanPort: 0 },
          worker: { count: 1, events: EVENTS },
          register: false,
          cluster: cells.settings(Math.floor((index * spread.cells) / spread.nodes)),
        };
        const file = join(folder, `node-${index}.json`);
        await writeFile(file, JSON.stringify(config));
        children[index] = Child.node(`node-${index}`, [MAIN, '-c', file], { env: environment(spread) });
        return await portOf(children[index]);
      }),
    );
    return new Nodes(ports, children, cells, folder);
  }

  private constructor(ports: readonly number[], children: readonly Child[], cells: Cells, folder: string) {
    this.ports = ports;
    this.#children = children;
    this.#cells = cells;
    this.#folder = folder;
  }

  /** Resident memory of each, in bytes. */
  get memory(): number[] {
    return this.#children.map(({ pid }) => residentBytes([pid]));
  }

  /** Seconds of processor time that all of them have used. */
  get cpu(): number {
    return this.#children.reduce((total, { pid }) => total + cpuSeconds([pid]), 0);
  }

  /** The same of what joins their cells; undefined when they are one mesh. */
  get natsCpu(): number | undefined {
    return this.#cells.nats?.cpu;
  }

  get natsMemory(): number | undefined {
    return this.#cells.nats?.memory;
  }

  /** The same promise; an error as soon as a node ends. */
  async orExit<T>(value: Promise<T>): Promise<T> {
    return await Promise.race(this.#children.map(async (child) => await child.orExit(value)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#children.map(async (child) => await child.stop()));
    await this.#cells.close();
    await removeFolder(this.#folder);
  }
}

function environment(spread: Spread): NodeJS.ProcessEnv {
  return {
    ...process.env,
    BENCH_CLIENTS_PER_NODE: String(clientsPerNode(spread)),
    BENCH_GROUPS: String(spread.groups),
    BENCH_UIDS: String(spread.uids),
  };
}

/** Of the listener that it says to have, once it is up. */
async function portOf(child: Child): Promise<number> {
  return await child.orExit(
    new Promise<number>((resolve) => {
      createInterface({ input: child.process.stdout as Readable }).on('line', (line) => {
        const entry = JSON.parse(line) as { level: number; listeners?: string[] };
        if (entry.listeners !== undefined) resolve(Number(new URL(entry.listeners[0]).port));
        else if (entry.level > INFO) process.stderr.write(`${line}\n`);
      });
    }),
  );
}

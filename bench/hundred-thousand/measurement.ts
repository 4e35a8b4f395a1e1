import { messageBytes } from '../load/messages.js';
import { seconds } from '../load/window.js';
import { Audience } from './audience.js';
import { Commander } from './commander.js';
import { Nodes, type Spread, clientsPerNode } from './nodes.js';

/** How often each send is repeated. */
const ROUNDS = 3;
const MEBIBYTE = 2 ** 20;

/** What one thing took. */
export interface Figure {
  readonly what: string;
  readonly milliseconds: number;
  /** Seconds of processor time in the nodes. */
  readonly cpu: number;
  /** The same in the NATS server, if there is one. */
  readonly natsCpu: number | undefined;
}

export function toldFigure({ what, milliseconds, cpu, natsCpu }: Figure): string {
  const nats = natsCpu === undefined ? '' : `, ${natsCpu.toFixed(2)} s in NATS`;
  return `${what}: ${milliseconds.toFixed(0)} ms (${cpu.toFixed(2)} s of processor time in the nodes${nats})`;
}

/** Everything with one whole: all clients connect, are sent to and counted. What is wrong with any of it is thrown. */
export class Measurement {
  /** In the order in which they were measured; of each send several. */
  readonly figures: Figure[] = [];
  readonly #spread: Spread;
  readonly #say: (line: string) => void;
  readonly #nodes: Nodes;
  readonly #audience: Audience;
  #message = 0;

  /** @param say is told what was found, line by line */
  static async run(spread: Spread, say: (line: string) => void): Promise<readonly Figure[]> {
    const nodes = await Nodes.start(spread);
    const audience = new Audience(spread.nodes);
    try {
      const measurement = new Measurement(spread, say, nodes, audience);
      await measurement.#run();
      return measurement.figures;
    } finally {
      await audience.stop();
      await nodes.stop();
    }
  }

  private constructor(spread: Spread, say: (line: string) => void, nodes: Nodes, audience: Audience) {
    this.#spread = spread;
    this.#say = say;
    this.#nodes = nodes;
    this.#audience = audience;
  }

  async #run(): Promise<void> {
    const { clients, groups, uids, nodes } = this.#spread;
    const empty = this.#memory;
    const each = clientsPerNode(this.#spread);
    const shares = Array.from({ length: nodes }, (_, index) => Math.min(each, clients - index * each));
    await this.#timed('connecting and signing in', async () => {
      await this.#audience.open(this.#nodes.ports, shares);
    });
    const commander = await Commander.connect(this.#nodes.ports[0]);
    this.#tellMemory('with all clients', empty);

    await this.#ask(commander, 'getAllClientIdCount', clients + 1);
    await this.#ask(commander, 'getAllUidCount', uids);
    await this.#ask(commander, 'getClientIdCountByGroup', clients, 'everybody');

    await this.#sends(commander, 'sendToAll', 'sendToAll');
    await this.#sends(commander, 'sendToGroup, one group of all', 'sendToGroup', 'everybody');
    await this.#sends(commander, `sendToGroup, ${groups} groups of ${clients / groups}`, 'sendToEachGroup');
    await this.#sends(commander, `sendToUid, ${uids} uids of ${clients / uids}`, 'sendToEachUid');
    // whatever came twice shows as the clients' next message
    await this.#audience.expect(++this.#message);
    await seconds(1);
    await commander.call('sendToAll', this.#text);
    await this.#audience.receive();

    await this.#ask(commander, 'getAllClientIdCount', clients + 1);
    this.#tellMemory('after all that', empty);
    commander.close();
  }

  /** Has something sent to everybody, until the last one has it. */
  async #sends(commander: Commander, what: string, call: string, ...args: unknown[]): Promise<void> {
    for (let round = 0; round < ROUNDS; round++) {
      await this.#audience.expect(++this.#message);
      await this.#timed(what, async () => {
        await this.#nodes.orExit(commander.call(call, ...args, this.#text));
        return await this.#audience.receive();
      });
    }
  }

  /** A query whose answer is known. */
  async #ask(commander: Commander, call: string, expected: number, ...args: unknown[]): Promise<void> {
    await this.#timed(`${call} = ${expected}`, async () => {
      const answer = await commander.call(call, ...args);
      if (answer !== expected) throw new Error(`${call} gave ${String(answer)}; expected ${expected}`);
    });
  }

  /** @param work resolves with when it was done, unless that is now */
  async #timed(what: string, work: () => Promise<number | void>): Promise<void> {
    const nodes = this.#nodes;
    const [began, cpu, natsCpu] = [now(), nodes.cpu, nodes.natsCpu];
    const done = (await nodes.orExit(work())) ?? now();
    const figure: Figure = {
      what,
      milliseconds: done - began,
      cpu: nodes.cpu - cpu,
      natsCpu: natsCpu === undefined ? undefined : (nodes.natsCpu ?? 0) - natsCpu,
    };
    this.figures.push(figure);
    this.#say(toldFigure(figure));
  }

  get #text(): string {
    return messageBytes('a', 0, this.#message).toString();
  }

  get #memory(): number[] {
    return this.#nodes.memory;
  }

  #tellMemory(when: string, empty: readonly number[]): void {
    const memory = this.#memory;
    const each = memory.map((bytes) => (bytes / MEBIBYTE).toFixed(0)).join(', ');
    const grown = memory.reduce((total, bytes, index) => total + bytes - empty[index], 0);
    const client = (grown / this.#spread.clients / 1024).toFixed(1);
    const { natsMemory } = this.#nodes;
    const nats = natsMemory === undefined ? '' : `; NATS: ${(natsMemory / MEBIBYTE).toFixed(0)} MiB`;
    this.#say(`memory of the nodes ${when}: ${each} MiB, ${client} KiB a client${nats}`);
  }
}

/** Milliseconds on the clock that all processes of this machine share. */
function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

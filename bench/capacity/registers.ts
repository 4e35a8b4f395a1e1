import { systemClock } from '#src/base/clock.js';
import { createLogger } from '#src/base/log.js';
import { Membership } from '#src/register/membership.js';
import { encodeRegisterLine } from '#src/wire/register-line.js';
import { cpuSeconds } from '../load/process-usage.js';
import { FarEnd } from './far-end-process.js';

const SIZES = [10, 30, 100, 300];
/** Times that one more gateway comes and goes. */
const ROUNDS = 10;

const log = createLogger({ level: 'silent', destination: { write() {} } });

/** What it takes a Register to tell a cluster of one more gateway, as the cluster grows. All nodes are in this one process. */
export async function measureRegisters(): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const nodes of SIZES) lines.push(await measure(nodes));
  return lines;
}

async function measure(nodes: number): Promise<string> {
  const register = await FarEnd.start('register');
  const cluster = new Cluster(nodes, register.port);
  try {
    await cluster.know(nodes);
    const cpu = cpuSeconds([register.pid]);
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const late = new Cluster(1, register.port, nodes);
      const start = performance.now();
      await cluster.know(nodes + 1);
      times.push(performance.now() - start);
      late.close();
      await cluster.know(nodes);
    }
    const each = ((cpuSeconds([register.pid]) - cpu) / (2 * ROUNDS)) * 1000;
    times.sort((left, right) => left - right);
    const bytes = encodeRegisterLine({ event: 'broadcast_addresses', addresses: addresses(nodes, 0) }).length;
    return (
      `Register, ${nodes} nodes: a list is ${bytes} bytes; ` +
      `all know of one more after ${times[ROUNDS / 2].toFixed(1)} ms, ${each.toFixed(1)} ms of processor time`
    );
  } finally {
    cluster.close();
    register.stop();
  }
}

function addresses(nodes: number, first: number): string[] {
  return Array.from({ length: nodes }, (_, index) => {
    const number = first + index;
    return `10.0.${number >> 8}.${number & 255}:2900`;
  });
}

/** Nodes in this process, as a Register sees them. */
class Cluster {
  readonly #members: readonly Membership[];
  readonly #known: number[];
  #onChange: () => void = () => {};

  constructor(nodes: number, port: number, first = 0) {
    this.#known = Array.from({ length: nodes }, () => 0);
    this.#members = addresses(nodes, first).map((address, index) => {
      const member = new Membership({
        registers: [`127.0.0.1:${port}`],
        secretKey: '',
        pingInterval: 25_000,
        clock: systemClock,
        log,
      });
      member.watch((list) => {
        this.#known[index] = list.length;
        this.#onChange();
      });
      member.announce(address);
      return member;
    });
  }

  /** Resolves when each knows of so many gateways. */
  async know(count: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onChange = () => {
        if (this.#known.every((known) => known === count)) resolve();
      };
      this.#onChange();
    });
  }

  close(): void {
    for (const member of this.#members) member.close();
  }
}

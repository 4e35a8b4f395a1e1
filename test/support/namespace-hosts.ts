import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

/*
 * Hosts for tests, each a network namespace of Linux with an address of its own, and one switch between them: a bridge in
 * a namespace too. Cables can be pulled and slowed down without the rest of the machine noticing.
 *
 *     host a                switch                host b
 *     eth0 10.203.0.1 ─── port0 ┐     ┌ port1 ─── eth0 10.203.0.2
 *                               └ br0 ┘
 */

/** Namespaces of these tests are called `gwtest-PID-…`, so that those of a process that was killed can be told and removed. */
const PREFIX = 'gwtest';
/** Where iproute2 keeps the names. */
const NAMES = '/run/netns';
/** Seconds whose share a slowed cable may let through at once: longer than a tick of the kernel's clock. */
const BURST = 0.01;

/** How a cable can be slowed down here: netem also delays what it carries, tbf only limits how much that is. */
export type Slowness = 'netem' | 'tbf';

/** What this machine allows. */
export interface NamespaceSupport {
  /** Why there can be no namespaces, if the kernel does not let this user make any. */
  readonly forbidden: string | undefined;
  readonly slowness: Slowness | undefined;
}

/** One host; its processes are started by way of {@link launcher}. */
export interface NamespaceHost {
  readonly address: string;
  /** What a command has to begin with to run on this host. The process that it becomes has the pid of the one started. */
  readonly launcher: readonly string[];
  /** Pulls the cable. Nobody is told: no connection is closed, what is on its way is lost. */
  unplug(): void;
  plugIn(): void;
  /** From now on the cable carries only so much, each way. */
  slowDown(slowness: Slowness, megabitsPerSecond: number): void;
}

let networks = 0;

/** Hosts on one switch, gone with all they are made of when {@link remove} is called or this process ends. */
export class NamespaceNetwork {
  readonly hosts: readonly NamespaceHost[];
  readonly #names: string[] = [];
  readonly #prefix = `${PREFIX}-${process.pid}-${networks++}`;

  /** What can be had here. @throws when iproute2 is not installed */
  static support(): NamespaceSupport {
    try {
      const network = new NamespaceNetwork(1);
      const slowness = (['netem', 'tbf'] as const).find((kind) => {
        try {
          network.hosts[0].slowDown(kind, 1);
          return true;
        } catch {
          return false;
        }
      });
      network.remove();
      return { forbidden: undefined, slowness };
    } catch (error) {
      const { message } = error as Error;
      if (!/not permitted|permission denied/i.test(message)) throw error;
      return { forbidden: `this user may not make network namespaces: ${message}`, slowness: undefined };
    }
  }

  constructor(hosts: number) {
    process.once('exit', this.#onExit);
    try {
      removeOrphans();
      const switchName = this.#addNamespace('switch');
      ip(switchName, 'link add br0 type bridge');
      ip(switchName, 'link set br0 up');
      this.hosts = Array.from({ length: hosts }, (_, index) => this.#addHost(switchName, index));
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  /** Removes everything, with whoever still runs there. */
  remove(): void {
    process.off('exit', this.#onExit);
    for (const name of this.#names.splice(0)) removeNamespace(name);
  }

  readonly #onExit = (): void => this.remove();

  #addNamespace(noun: string): string {
    const name = `${this.#prefix}-${noun}`;
    run('ip', ['netns', 'add', name]);
    this.#names.push(name);
    return name;
  }

  #addHost(switchName: string, index: number): NamespaceHost {
    const name = this.#addNamespace(`host${index}`);
    const address = `10.203.0.${index + 1}`;
    const port = `port${index}`;
    ip(switchName, `link add ${port} type veth peer name eth0 netns ${name}`);
    ip(switchName, `link set ${port} master br0 up`);
    ip(name, `addr add ${address}/24 dev eth0`);
    ip(name, 'link set eth0 up');
    ip(name, 'link set lo up');
    return {
      address,
      launcher: ['ip', 'netns', 'exec', name],
      unplug: () => ip(switchName, `link set ${port} down`),
      plugIn: () => ip(switchName, `link set ${port} up`),
      slowDown(slowness, megabitsPerSecond) {
        const rate = `rate ${megabitsPerSecond}mbit`;
        const limits = {
          netem: `netem delay 20ms ${rate} limit 10000`,
          tbf: `tbf ${rate} burst ${(megabitsPerSecond * 1e6 * BURST) / 8} latency 200ms`,
        };
        const ends = [
          [switchName, port],
          [name, 'eth0'],
        ];
        for (const [namespace, device] of ends) {
          run('tc', ['-n', namespace, ...`qdisc replace dev ${device} root ${limits[slowness]}`.split(' ')]);
        }
      },
    };
  }
}

/** Of test processes that were killed: nobody else uses the prefix. */
function removeOrphans(): void {
  for (const name of names()) {
    const [prefix, pid] = name.split('-');
    if (prefix === PREFIX && !isAlive(Number(pid))) removeNamespace(name);
  }
}

/** One whose processes live on would stay, without a name. */
function removeNamespace(name: string): void {
  for (const pid of run('ip', ['netns', 'pids', name]).split('\n')) {
    if (pid !== '') process.kill(Number(pid), 'SIGKILL');
  }
  run('ip', ['netns', 'del', name]);
}

function names(): string[] {
  try {
    return readdirSync(NAMES);
  } catch {
    return []; // nobody has made one yet
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function ip(namespace: string, command: string): void {
  run('ip', ['-n', namespace, ...command.split(' ')]);
}

function run(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  } catch (cause) {
    const { code, stderr } = cause as { code?: string; stderr?: string };
    const why = code === 'ENOENT' ? 'it is not installed; run: npm run setup' : stderr?.trim();
    throw new Error(`${command} ${args.join(' ')}: ${why}`, { cause });
  }
}

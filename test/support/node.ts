import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import type { UserConfig } from '#src/config/user-config.js';
import { ControlClient } from '#src/ops/control/control-client.js';
import { livingProcess } from '#src/ops/process/pid-file.js';
import { nodeFiles } from '#src/ops/process/node-files.js';
import type { AdminLink } from '#src/ops/requests/admin.js';
import type { NodeStatus } from '#src/ops/requests/status.js';
import type { TracePart, TraceQuery } from '#src/ops/requests/trace.js';
import { fixture } from './fixtures.js';
import { LIMIT } from './inbox.js';
import { type LogLine, NodeLog } from './node-log.js';

const CONFIG_FILE = 'gatewayworker.config.json';
/** Milliseconds between two looks at a status. */
const STATUS_INTERVAL = 20;
const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** pino's number for errors. */
export const ERROR_LEVEL = 50;

export interface NodeProcessOptions {
  /** A folder of test/fixtures/events, or an absolute path. Only a node without workers needs none. */
  readonly events?: string;
  readonly gateway?: UserConfig['gateway'];
  readonly worker?: UserConfig['worker'];
  /** It hosts none unless this says where. */
  readonly register?: UserConfig['register'];
  readonly cluster?: UserConfig['cluster'];
  /** It has no admin listener unless this says so. */
  readonly admin?: UserConfig['admin'];
  readonly name?: string;
  /** How many nodes it leads: `start --nodes`. */
  readonly nodes?: number;
  /** What the command begins with: what puts it on a host of its own. */
  readonly launcher?: readonly string[];
  /** Options of node itself, such as --inspect. */
  readonly nodeOptions?: readonly string[];
  /** Environment variables beside this process's own. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A node as people run it: `node dist/main.js -c FILE`, on free ports, in a folder of its own. */
export class NodeProcess {
  readonly pid: number;
  /** What it wrote to standard error so far. */
  errors = '';
  name = '';
  roles: readonly string[] = [];
  /** How many business workers it has. */
  workers = 0;
  /** Of all its listeners. */
  urls: readonly string[] = [];
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #log = new NodeLog();
  readonly #exited: Promise<number | null>;
  #stopping = false;

  private constructor(started: ChildProcess, folder: string) {
    this.#process = started;
    this.#folder = folder;
    this.pid = started.pid as number;
    const kill = (): void => void started.kill('SIGKILL');
    process.once('exit', kill);
    started.stderr?.setEncoding('utf8').on('data', (data: string) => (this.errors += data));
    const lines = createInterface({ input: started.stdout as NodeJS.ReadableStream });
    lines.on('line', (line) => {
      if (line.startsWith('{')) this.#log.write(line); // an event app printed the others
    });
    this.#exited = new Promise((resolve) => {
      started.once('close', (status) => {
        process.off('exit', kill);
        this.#log.end(new Error(`The node ended with status ${status}.\n${this.errors}`));
        resolve(status);
      });
    });
  }

  /** Resolves when the node says that it is up. */
  static async start(options: NodeProcessOptions): Promise<NodeProcess> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'gatewayworker-node-')));
    const node = new NodeProcess(await spawnNode(options, folder), folder);
    const { node: name, listeners, roles, workers } = await node.logged('is up');
    node.urls = listeners as string[];
    node.name = name as string;
    node.roles = roles as string[];
    node.workers = workers as number;
    return node;
  }

  /** The url of its listener with this scheme. */
  url(scheme: string): string {
    const url = this.urls.find((listener) => listener.startsWith(`${scheme}://`));
    assert.ok(url, `the node has no ${scheme} listener`);
    return url;
  }

  /** Every log line so far. */
  get log(): readonly LogLine[] {
    return this.#log.lines;
  }

  /** The next log line that has this in its message; lines before it are passed over. */
  async logged(message: string): Promise<LogLine> {
    return await this.#log.logged(message);
  }

  /** Whether it has not ended, nor been asked to. */
  get alive(): boolean {
    return !this.#stopping && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** What `gatewayworker status` shows. */
  async status(): Promise<NodeStatus> {
    return await this.#ask(async (client) => await client.ask({ command: 'status' }));
  }

  /** How its admin listener is reached. */
  async admin(): Promise<AdminLink> {
    const link = await this.#ask(async (client) => await client.ask({ command: 'admin' }));
    assert.ok(link, 'the node has no admin listener');
    return link;
  }

  /** A part of a trace. */
  async trace(query: Partial<TraceQuery>): Promise<TracePart> {
    const all = { clientId: '', uid: '', group: '', payload: false, after: '', stop: false, ...query };
    return await this.#ask(async (client) => await client.ask({ command: 'trace', ...all }));
  }

  /** Runs a command of the command line for it, to its end. */
  async command(
    ...words: readonly string[]
  ): Promise<{ status: number | null; out: string; errors: string }> {
    const [name, ...options] = words;
    const args = [MAIN, name, '-c', join(this.#folder, CONFIG_FILE), ...options];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { out, errors, status: await ended };
  }

  async #ask<T>(question: (client: ControlClient) => Promise<T>): Promise<T> {
    const { pidFile } = nodeFiles(join(this.#folder, CONFIG_FILE), this.#folder, '');
    const record = await livingProcess(pidFile);
    assert.ok(record, 'no node holds the pid file');
    const client = await ControlClient.connect(record.socket);
    try {
      return await question(client);
    } finally {
      client.close();
    }
  }

  /** Asks for the status until it is as expected. @param what is expected, for the message when it does not come */
  async until(what: string, expected: (status: NodeStatus) => boolean): Promise<NodeStatus> {
    const deadline = performance.now() + LIMIT;
    for (;;) {
      const status = await this.status();
      if (expected(status)) return status;
      assert.ok(
        performance.now() < deadline,
        `${status.name} does not show ${what}:\n${inspect(status, { depth: 5 })}`,
      );
      await sleep(STATUS_INTERVAL);
    }
  }

  /** Has it go on no further until {@link resume}, as a machine that hangs. */
  pause(): void {
    this.#process.kill('SIGSTOP');
  }

  resume(): void {
    this.#process.kill('SIGCONT');
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Ends it at once, as `kill -9` does. */
  async kill(): Promise<void> {
    this.#stopping = true;
    this.#process.kill('SIGKILL');
    await this.#exited;
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Resident set size, from /proc. */
  residentBytes(): number {
    return this.#status('VmRSS');
  }

  /** The largest that the resident set has ever been. */
  peakResidentBytes(): number {
    return this.#status('VmHWM');
  }

  /** Stops it as `kill` does. Fails when it had ended before, or does not end in good order. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    const early = this.#process.exitCode ?? this.#process.signalCode;
    this.#process.kill('SIGTERM');
    // one that is paused hears nothing else
    this.resume();
    const status = await this.#exited;
    await rm(this.#folder, { recursive: true, force: true });
    assert.equal(early, null, `the node ended on its own: ${early}\n${this.errors}`);
    assert.equal(status, 0, `the node did not stop in good order\n${this.errors}`);
  }

  #status(field: string): number {
    const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(
      readFileSync(`/proc/${this.pid}/status`, 'utf8'),
    )?.[1];
    return Number(kibibytes) * 1024;
  }
}

/** A start that is to fail: what it said, and how it ended. */
export interface FailedStart {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Starts a node and waits for its end. */
export async function failToStart(options: NodeProcessOptions): Promise<FailedStart> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'gatewayworker-node-')));
  const started = await spawnNode(options, folder);
  const { stdout, stderr } = started;
  assert.ok(stdout && stderr);
  const ended = new Promise<number | null>((resolve) => started.once('close', resolve));
  const [output, errors, status] = await Promise.all([text(stdout), text(stderr), ended]);
  await rm(folder, { recursive: true, force: true });
  return { status, output, errors };
}

async function spawnNode(options: NodeProcessOptions, folder: string): Promise<ChildProcess> {
  const { events = '', name, gateway, worker, register = false, cluster, admin = false } = options;
  const { nodes = 1, nodeOptions = [], env } = options;
  const config: UserConfig = {
    name: name ?? 'test-node',
    gateway: gateway !== false && { listen: [{ url: 'ws://127.0.0.1:0' }], ...gateway },
    register,
    cluster,
    admin,
    worker: worker !== false && {
      count: 1,
      events: events.startsWith('/') ? events : fixture(`events/${events}`),
      ...worker,
    },
  };
  const file = join(folder, CONFIG_FILE);
  await writeFile(file, JSON.stringify(config));
  const { launcher = [] } = options;
  const [command, ...args] = [...launcher, process.execPath, ...nodeOptions, MAIN, 'start', '-c', file];
  if (nodes > 1) args.push('--nodes', String(nodes));
  return spawn(command, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

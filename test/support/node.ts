import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { UserConfig } from '#src/config/schema.js';
import { fixture } from './fixtures.js';
import { Inbox } from './inbox.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** A line of the node's log. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** pino's number for errors. */
export const ERROR_LEVEL = 50;

export interface NodeProcessOptions {
  /** A folder of test/fixtures/events, or an absolute path. */
  readonly events: string;
  readonly gateway?: UserConfig['gateway'];
  readonly worker?: UserConfig['worker'];
  readonly register?: UserConfig['register'];
  readonly cluster?: UserConfig['cluster'];
  readonly name?: string;
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
  /** Every log line so far. */
  readonly log: LogLine[] = [];
  /** What it wrote to standard error so far. */
  errors = '';
  #listeners: readonly string[] = [];
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #lines = new Inbox<LogLine>('the log');
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
      if (!line.startsWith('{')) return; // an event app printed it
      const entry: LogLine = JSON.parse(line);
      this.log.push(entry);
      this.#lines.put(entry);
    });
    this.#exited = new Promise((resolve) => {
      started.once('close', (status) => {
        process.off('exit', kill);
        this.#lines.end(new Error(`The node ended with status ${status}.\n${this.errors}`));
        resolve(status);
      });
    });
  }

  /** Resolves when the node says that it is up. */
  static async start(options: NodeProcessOptions): Promise<NodeProcess> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'gatewayworker-node-')));
    const node = new NodeProcess(await spawnNode(options, folder), folder);
    const { listeners } = await node.logged('is up');
    node.#listeners = listeners as string[];
    return node;
  }

  /** The url of its listener with this scheme. */
  url(scheme: string): string {
    const url = this.#listeners.find((listener) => listener.startsWith(`${scheme}://`));
    assert.ok(url, `the node has no ${scheme} listener`);
    return url;
  }

  /** The next log line that has this in its message; lines before it are passed over. */
  async logged(message: string): Promise<LogLine> {
    for (;;) {
      const line = await this.#lines.next();
      if (line.msg.includes(message)) return line;
    }
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
    const status = await this.#exited;
    await rm(this.#folder, { recursive: true, force: true });
    assert.equal(early, null, `the node ended on its own: ${early}\n${this.errors}`);
    assert.equal(status, 0, `the node did not stop in good order\n${this.errors}`);
  }

  /** Kills it as `kill -9` does; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#stopping = true;
    this.#process.kill('SIGKILL');
    await this.#exited;
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** It stands still, with all its connections open, until {@link resume}. */
  pause(): void {
    this.#process.kill('SIGSTOP');
  }

  resume(): void {
    this.#process.kill('SIGCONT');
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
  const { events, name, gateway, worker, register = false, cluster, nodeOptions = [], env } = options;
  const folderOfEvents = events.startsWith('/') ? events : fixture(`events/${events}`);
  const config: UserConfig = {
    name: name ?? 'test-node',
    gateway: gateway !== false && { listen: [{ url: 'ws://127.0.0.1:0' }], ...gateway },
    register,
    cluster,
    worker: worker !== false && { count: 1, events: folderOfEvents, ...worker },
  };
  const file = join(folder, 'gatewayworker.config.json');
  await writeFile(file, JSON.stringify(config));
  const { launcher = [] } = options;
  const [command, ...args] = [...launcher, process.execPath, ...nodeOptions, MAIN, '-c', file];
  return spawn(command, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

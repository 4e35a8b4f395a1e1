import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { type Socket, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { nodeFiles } from '#src/ops/process/node-files.js';
import { RunningNode } from '#src/ops/process/running-node.js';
import type { NodeStatus } from '#src/ops/requests/status.js';
import { STATE_FOLDER } from '#src/base/state-folder.js';
import { answering, config } from './app-files.js';
import { Foreground, LIMIT } from './foreground-node.js';

export { answering, config, groupConfig, NODES } from './app-files.js';
export { type Foreground, LIMIT } from './foreground-node.js';

const PROGRAM = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly error: string;
}

/** A folder with an application, and a shell in it. */
export class App {
  readonly folder: string;
  /** What commands have in their environment beside our own. */
  env: Readonly<Record<string, string>> = {};
  /** Who runs them, if not who runs the tests. */
  user: { readonly uid?: number; readonly gid?: number } = {};
  /** Where the node's pid files are. */
  state = STATE_FOLDER;
  readonly #started: ChildProcess[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<App> {
    const app = new App(await realpath(await mkdtemp(join(tmpdir(), 'gatewayworker-app-'))));
    await app.write('events/index.ts', answering('one'));
    await app.write('gatewayworker.config.json', JSON.stringify(config()));
    return app;
  }

  async write(file: string, text: string): Promise<void> {
    const path = join(this.folder, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }

  async read(file: string): Promise<string> {
    return await readFile(join(this.folder, file), 'utf8');
  }

  /** The process that a pid file names. */
  async pid(file = 'gatewayworker.pid'): Promise<number> {
    return Number.parseInt(await this.read(`${this.state}/${file}`), 10);
  }

  /** Runs a command to its end. */
  async run(...words: readonly string[]): Promise<Outcome> {
    const command = this.#spawn(words);
    let out = '';
    let error = '';
    command.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
    command.stderr?.on('data', (chunk: Buffer) => (error += chunk.toString()));
    const [status] = await once(command, 'close', { signal: AbortSignal.timeout(LIMIT) });
    return { status, out, error };
  }

  /** Runs a node in the foreground. */
  async start(...words: readonly string[]): Promise<Foreground> {
    return await Foreground.up(this.#spawn(['start', ...words]));
  }

  /** Runs a node in the foreground whose output goes elsewhere; resolves when a client can come. */
  async startInto(output: number | 'ignore', ...words: readonly string[]): Promise<ChildProcess> {
    const child = this.#spawn(['start', ...words], output);
    await this.up();
    return child;
  }

  /** Resolves with the url of the node's first listener when it is up. */
  async up(): Promise<string> {
    const { listeners } = await this.until(({ listeners: open }) => open.length > 0);
    return listeners[0].url;
  }

  /** What `status --json` says. */
  async status(): Promise<NodeStatus> {
    const { out, error } = await this.run('status', '--json');
    assert.equal(error, '');
    return JSON.parse(out);
  }

  /** The pids of the nodes of a group. */
  async members(): Promise<(number | null)[]> {
    return ((await this.status()).members ?? []).map(({ pid }) => pid);
  }

  /** What the node's control socket says, for those who ask often: a command would be a process for each. */
  async peek(): Promise<NodeStatus | undefined> {
    const state = this.state === STATE_FOLDER ? '' : join(this.folder, this.state);
    const node = await RunningNode.find(
      nodeFiles(join(this.folder, 'gatewayworker.config.json'), this.folder, state),
    );
    // it may be starting, or have just ended
    return await node
      ?.converse(async (client) => await client.ask({ command: 'status' }))
      .catch(() => undefined);
  }

  /** Resolves with the first status for which this is so. */
  async until(is: (status: NodeStatus) => boolean | undefined): Promise<NodeStatus> {
    const signal = AbortSignal.timeout(LIMIT);
    for (;;) {
      const status = await this.peek();
      if (status && is(status)) return status;
      signal.throwIfAborted();
      await delay(5);
    }
  }

  /** The node of another pid that the supervisor starts. */
  async successor(dead: number): Promise<number> {
    return (await this.until(({ pid }) => pid !== dead)).pid;
  }

  /** What is left of the node in its folder. */
  async leftovers(): Promise<string[]> {
    const files = await readdir(join(this.folder, this.state));
    return files.filter((file) => /\.(?:pid|sock|lock)$/.test(file));
  }

  /** Runs a command that goes on until its reader hangs up. */
  watch(...words: readonly string[]): { lines: AsyncIterable<string>; hangUp: () => Promise<number | null> } {
    const command = this.#spawn(words);
    assert.ok(command.stdout);
    const { stdout } = command;
    const ended = once(command, 'close', { signal: AbortSignal.timeout(LIMIT) });
    return {
      lines: createInterface({ input: stdout }),
      async hangUp() {
        stdout.destroy();
        const [status] = await ended;
        return status;
      },
    };
  }

  /** Ends whatever still runs: by the pids of what was started here. */
  async close(): Promise<void> {
    for (const child of this.#started) child.kill('SIGKILL');
    for (const file of ['gatewayworker.supervisor.pid', 'gatewayworker.pid']) {
      const pid = await this.pid(file).catch(() => undefined);
      try {
        if (pid !== undefined) process.kill(pid, 'SIGKILL');
      } catch {
        // it has ended
      }
    }
    await rm(this.folder, { recursive: true });
  }

  #spawn(words: readonly string[], output: number | 'pipe' | 'ignore' = 'pipe'): ChildProcess {
    const child = spawn(process.execPath, [PROGRAM, ...words], {
      cwd: this.folder,
      stdio: ['ignore', output, output],
      env: { ...process.env, NODE_V8_COVERAGE: '', ...this.env },
      ...this.user,
    });
    this.#started.push(child);
    return child;
  }
}

/** A client of the text protocol. */
export class TextClient {
  readonly #lines: AsyncIterator<string>;
  readonly #socket: Socket;

  /** @param to a listener, or a connection to one */
  constructor(to: string | Socket) {
    this.#socket = typeof to === 'string' ? connect(Number(new URL(to).port), '127.0.0.1') : to;
    this.#lines = createInterface({ input: this.#socket })[Symbol.asyncIterator]();
  }

  /** The next line; undefined when the server has hung up. */
  async next(): Promise<string | undefined> {
    const { value, done } = await this.#lines.next();
    return done ? undefined : value;
  }

  send(line: string): void {
    this.#socket.write(`${line}\n`);
  }

  async ask(line: string): Promise<string | undefined> {
    this.send(line);
    return await this.next();
  }

  close(): void {
    this.#socket.destroy();
  }
}

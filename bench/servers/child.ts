import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Readable } from 'node:stream';

/** Milliseconds that a process may take to end after SIGTERM. */
const STOP_TIMEOUT = 10_000;

const PROBE = new URL('memory-probe.js', import.meta.url).href;
const END_WITH_PARENT = new URL('end-with-parent.js', import.meta.url).href;

const running = new Set<Child>();

/**
 * When this process ends, those that it started end with it. By SIGKILL it has no time for that: those of node see their
 * message channel close, and uWebSockets is told by Linux; PHP GatewayWorker stays.
 */
process.on('exit', () => {
  for (const child of running) child.kill();
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

interface Program {
  /** What it is called in messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly stdio: StdioOptions;
}

/** A process of ours: stopped by its id, and never left behind, nor are those that it starts. */
export class Child {
  readonly name: string;
  readonly process: ChildProcess;
  readonly #exited: Promise<void>;
  #stopping = false;

  constructor({ name, command, args, env, stdio }: Program) {
    this.name = name;
    // a group of its own, which can be ended as a whole
    const child = spawn(command, args, { stdio, env: { ...process.env, ...env }, detached: true });
    this.process = child;
    running.add(this);
    this.#exited = new Promise((resolve) => {
      const ended = (): void => {
        this.kill();
        running.delete(this);
        resolve();
      };
      child.once('exit', ended);
      child.once('error', ended);
    });
  }

  /** Runs a module with a message channel. It has to end when that is closed. */
  static fork(name: string, module: URL, args: readonly string[] = [], { probe = false } = {}): Child {
    return new Child({
      name,
      command: process.execPath,
      args: [...(probe ? ['--import', PROBE] : []), fileURLToPath(module), ...args],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  }

  /** Runs node with these arguments and a message channel; its standard output is a stream here. It ends with this process. */
  static node(
    name: string,
    args: readonly string[],
    { probe = false, env = {} }: { readonly probe?: boolean; readonly env?: NodeJS.ProcessEnv },
  ): Child {
    return new Child({
      name,
      command: process.execPath,
      args: ['--import', END_WITH_PARENT, ...(probe ? ['--import', PROBE] : []), ...args],
      env,
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
  }

  get pid(): number {
    return this.process.pid as number;
  }

  /** Calls `take` for every line of its standard output. */
  onLine(take: (line: string) => void): void {
    createInterface({ input: this.process.stdout as Readable }).on('line', take);
  }

  /** Its next message. */
  async message<T>(): Promise<T> {
    return await this.orExit(
      new Promise<T>((resolve) => {
        this.process.once('message', (message) => resolve(message as T));
      }),
    );
  }

  /** Sends it a message. @returns its next one, which is the answer */
  async ask<T>(question: string): Promise<T> {
    const answer = this.message<T>();
    this.process.send(question);
    return await answer;
  }

  /** What `value` says it is waiting for; an error when the process ends first. */
  async orExit<T>(value: Promise<T>): Promise<T> {
    const exited = this.#exited.then(() => {
      if (this.#stopping) return;
      throw new Error(
        `${this.name} (process ${this.pid}) ended with ${this.process.exitCode ?? this.process.signalCode}`,
      );
    });
    return await Promise.race([value, exited as Promise<never>]);
  }

  /** Resolves when the process is gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), STOP_TIMEOUT);
    await this.#exited;
    clearTimeout(timer);
  }

  /** Ends it at once, with all that it started. */
  kill(): void {
    if (this.process.pid === undefined) return;
    try {
      process.kill(-this.process.pid, 'SIGKILL');
    } catch {
      // it is gone, and they are
    }
  }
}

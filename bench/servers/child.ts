import { type ChildProcess, type SpawnOptions, fork, spawn } from 'node:child_process';

/** Milliseconds that a process may take to end after SIGTERM. */
const STOP_TIMEOUT = 10_000;

const running = new Set<Child>();

/** However this process ends, those that it started end with it. */
process.on('exit', () => {
  for (const child of running) child.kill();
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/** A process of ours: stopped by its id, and never left behind. */
export class Child {
  readonly process: ChildProcess;
  readonly #name: string;
  readonly #exited: Promise<void>;
  #stopping = false;

  private constructor(name: string, child: ChildProcess) {
    this.#name = name;
    this.process = child;
    running.add(this);
    this.#exited = new Promise((resolve) => {
      child.once('exit', () => {
        running.delete(this);
        resolve();
      });
    });
  }

  /** Runs a module of this build, with a message channel. */
  static fork(name: string, module: URL): Child {
    return new Child(name, fork(module, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
  }

  /** Runs node with these arguments; its standard output is a stream here. */
  static node(name: string, args: readonly string[], options: SpawnOptions): Child {
    return new Child(
      name,
      spawn(process.execPath, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] }),
    );
  }

  get pid(): number {
    return this.process.pid as number;
  }

  /** What `value` says it is waiting for; an error when the process ends first. */
  async orExit<T>(value: Promise<T>): Promise<T> {
    const exited = this.#exited.then(() => {
      if (this.#stopping) return;
      throw new Error(
        `${this.#name} (process ${this.pid}) ended with ${this.process.exitCode ?? this.process.signalCode}`,
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

  kill(): void {
    this.process.kill('SIGKILL');
  }
}

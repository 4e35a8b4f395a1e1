import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from './free-port.js';

/** With folders that not everybody's PATH has. */
export function natsEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` };
}

/** Whoever ends what it has started: a test, or a suite that calls it in its `after`. */
export interface Ends {
  after(end: () => Promise<void>): void;
}

/** A nats-server on a port and in a folder of its own, as `npm run setup` installs it. */
export class NatsServer {
  readonly port: number;
  /** Where its configuration lies: relative paths in that start here. */
  readonly folder: string;
  #server: ChildProcess | undefined;

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.port = port;
  }

  /**
   * Starts one for a test, which ends it.
   *
   * @param config in its own format, such as `max_payload: 65536`; without host and port
   */
  static async start(test: Ends, config = ''): Promise<NatsServer> {
    const server = await NatsServer.prepare(test);
    await server.configure(config);
    await server.up();
    return server;
  }

  /** One that does not run yet, for who has files to put into its folder. */
  static async prepare(test: Ends): Promise<NatsServer> {
    const folder = await mkdtemp(join(tmpdir(), 'gatewayworker-nats-'));
    const server = new NatsServer(folder, await freePort());
    test.after(() => server.remove());
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** For the next `up`. */
  async configure(config: string): Promise<void> {
    await writeFile(join(this.folder, 'nats.conf'), `host: 127.0.0.1\nport: ${this.port}\n${config}\n`);
  }

  /** Starts it, again where it has been before. */
  async up(): Promise<void> {
    const server = spawn('nats-server', ['-c', 'nats.conf'], {
      cwd: this.folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: natsEnvironment(),
    });
    this.#server = server;
    const end = (): void => void server.kill('SIGKILL');
    process.once('exit', end);
    server.once('exit', () => process.off('exit', end));
    const failed = once(server, 'error').then(([cause]) => {
      throw new Error('nats-server is not there: run npm run setup', { cause });
    });
    await Promise.race([failed, natsIsReady(server)]);
  }

  /** Ends it: in good order, or as a crash does. */
  async down(signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
    const server = this.#server;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill(signal);
    await ended;
  }

  async restart(): Promise<void> {
    await this.down();
    await this.up();
  }

  /** It stands still, and its connections stay. */
  pause(): void {
    this.#server?.kill('SIGSTOP');
  }

  resume(): void {
    this.#server?.kill('SIGCONT');
  }

  /** A second time it does nothing. */
  async remove(): Promise<void> {
    await this.down();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** @param server whose standard error is read */
export async function natsIsReady(server: ChildProcess): Promise<void> {
  let said = '';
  if (server.stderr === null) throw new Error('nats-server has no output');
  for await (const line of createInterface({ input: server.stderr })) {
    said += `${line}\n`;
    if (!line.includes('Server is ready')) continue;
    // it goes on to write there
    server.stderr.resume();
    return;
  }
  throw new Error(`nats-server does not start:\n${said}`);
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NamespaceHost } from './namespace-hosts.js';

const PROCESS = fileURLToPath(new URL('namespace-door-process.js', import.meta.url));

/**
 * A way for clients of the test's own process to a port on a host. Sockets in the file system know no network namespaces: so
 * a process on that host listens on one, and connects to the port for each who comes.
 */
export class NamespaceDoor {
  /** For websocket clients. */
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, folder: string, path: string) {
    this.#process = child;
    this.#folder = folder;
    this.url = `ws+unix:${path}:/`;
  }

  static async open({ launcher, address }: NamespaceHost, port: number): Promise<NamespaceDoor> {
    const folder = await mkdtemp(join(tmpdir(), 'gatewayworker-door-'));
    const path = join(folder, 'door.sock');
    const [command, ...args] = [...launcher, process.execPath, PROCESS, path, address, String(port)];
    // it ends with its channel, so that it outlives nobody
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', (status) =>
        reject(new Error(`The door to ${address} ended with status ${status}.`)),
      );
    });
    return new NamespaceDoor(child, folder, path);
  }

  async close(): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.disconnect();
    await exited;
    await rm(this.#folder, { recursive: true });
  }
}

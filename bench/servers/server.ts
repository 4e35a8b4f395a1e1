import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Readable } from 'node:stream';
import { Child } from './child.js';

/** A server process under test. */
export interface RunningServer {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Someone who can be measured. */
export interface Contestant {
  readonly name: string;
  start(): Promise<RunningServer>;
}

/** The product, started as its users start it. */
export const gatewayWorker: Contestant = {
  name: 'gatewayworker',
  async start() {
    const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
    const config = fileURLToPath(
      new URL('../../bench/servers/gatewayworker/gatewayworker.config.json', import.meta.url),
    );
    const child = Child.node('gatewayworker', [main, '-c', config], {});
    const output = child.process.stdout as Readable;
    const port = await child.orExit(
      new Promise<number>((resolve) => {
        createInterface({ input: output }).on('line', (line) => {
          const entry = JSON.parse(line) as { level: number; listeners?: string[] };
          if (entry.listeners !== undefined) resolve(Number(new URL(entry.listeners[0]).port));
          // warnings and errors concern whoever measures
          else if (entry.level > INFO) process.stderr.write(`${line}\n`);
        });
      }),
    );
    return running(child, port);
  },
};

const INFO = 30;

/** A server of this folder, which tells its port by message. */
function forked(name: string, module: string): Contestant {
  return {
    name,
    async start() {
      const child = Child.fork(name, new URL(module, import.meta.url));
      const port = await child.orExit(
        new Promise<number>((resolve) => {
          child.process.once('message', (message) => resolve((message as { port: number }).port));
        }),
      );
      return running(child, port);
    },
  };
}

export const bareWs = forked('bare ws', 'bare-ws.js');
export const ceiling = forked('ceiling', 'ceiling.js');

function running(child: Child, port: number): RunningServer {
  return {
    port,
    pid: child.pid,
    stop: () => child.stop(),
  };
}

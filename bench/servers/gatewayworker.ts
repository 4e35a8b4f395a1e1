import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { certificate } from './certificate.js';
import { Child } from './child.js';
import { type Contestant, type RunningServer, type StartOptions, running } from './server.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const EVENTS = fileURLToPath(new URL('../../bench/servers/events', import.meta.url));
const INFO = 30;

interface LogLine {
  readonly level: number;
  readonly msg: string;
  /** Of the line that says that the node is up. */
  readonly listeners?: readonly string[];
}

/** The product as its users start it: all settings but the port are the defaults. */
export const gatewayWorker: Contestant = {
  name: 'gatewayworker',
  probed: true,
  reloads: true,
  start: async (options) => await startNode({ register: false }, options),
};

/** @param settings of the node, beside its listener and its events */
async function startNode(settings: object, options: StartOptions): Promise<RunningServer> {
  const listener = options.tls ? { url: 'wss://127.0.0.1:0', tls: certificate } : { url: 'ws://127.0.0.1:0' };
  // a folder of its own, where its pid file and its control socket lie as well
  const folder = await mkdtemp(join(tmpdir(), 'gatewayworker-bench-'));
  const config = join(folder, 'gatewayworker.config.json');
  await writeFile(
    config,
    JSON.stringify({ gateway: { listen: [listener] }, worker: { events: EVENTS }, ...settings }),
  );
  const child = Child.node('gatewayworker', [MAIN, '-c', config], options);
  let onReloaded: (() => void) | undefined;
  const port = await child.orExit(
    new Promise<number>((resolve) => {
      child.onLine((line) => {
        const { level, msg, listeners } = JSON.parse(line) as LogLine;
        if (listeners !== undefined) resolve(Number(new URL(listeners[0]).port));
        else if (msg === 'reloaded') onReloaded?.();
        // warnings and errors concern whoever measures
        else if (level > INFO) process.stderr.write(`${line}\n`);
      });
    }),
  );
  return {
    ...running(child, port, options),
    async reload() {
      const reloaded = new Promise<void>((resolve) => (onReloaded = resolve));
      child.process.kill('SIGUSR2');
      await child.orExit(reloaded);
    },
    async stop() {
      await child.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { certificate } from './certificate.js';
import { Child } from './child.js';
import { freePorts } from './free-ports.js';
import { allMeet } from './meeting.js';
import { type Contestant, type RunningServer, type StartOptions, running } from './server.js';
import { removeFolder, temporaryFolder } from './temporary-folder.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const EVENTS = fileURLToPath(new URL('../../bench/servers/events', import.meta.url));
const SOCKET_IO_EVENTS = fileURLToPath(new URL('../../bench/servers/socket-io-events', import.meta.url));
const INFO = 30;

interface LogLine {
  readonly level: number;
  readonly msg: string;
  /** Of the line that says that the node is up. */
  readonly listeners?: readonly string[];
}

/** The product as its users start it: all settings are the defaults, but the ports, and no Register where there is one node. */
export const gatewayWorker: Contestant = {
  name: 'gatewayworker',
  probed: true,
  reloads: true,
  compresses: true,
  speaksSocketIo: true,
  clusters: true,
  requests: true,
  start: async (options) =>
    await (options.nodes === 1 ? startNode({ register: false }, options) : startCluster(options)),
};

/** Nodes that know each other by the Register of the first one. */
async function startCluster(options: StartOptions): Promise<RunningServer> {
  const [registerPort] = await freePorts(1);
  const registerAddress = `127.0.0.1:${registerPort}`;
  const nodes: RunningServer[] = [];
  let stopping = false;
  const stop = async (): Promise<void> => {
    stopping = true;
    await Promise.all(nodes.map(async (node) => await node.stop()));
  };
  try {
    for (let number = 0; number < options.nodes; number++) {
      const settings = {
        register: number === 0 && { listen: registerAddress },
        cluster: { registerAddress: [registerAddress] },
      };
      nodes.push(await startNode(settings, options, { lanPort: 0 }, () => stopping));
    }
    const target = {
      ...nodes[0].target,
      ports: nodes.flatMap((node) => node.target.ports),
      pids: nodes.flatMap((node) => node.target.pids),
    };
    await allMeet(target);
    return { ...nodes[0], target, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * @param settings of the node, beside its gateway and its events
 * @param inner settings of its gateway, beside its listener
 * @param quiet whether its warnings are to be expected: other nodes have gone
 */
async function startNode(
  settings: object,
  options: StartOptions,
  inner: object = {},
  quiet = (): boolean => false,
): Promise<RunningServer> {
  const { tls, compression, socketIo } = options;
  const events = socketIo ? SOCKET_IO_EVENTS : EVENTS;
  const listener = {
    ...(tls ? { url: 'wss://127.0.0.1:0', tls: certificate } : { url: 'ws://127.0.0.1:0' }),
    ...(compression ? { compression } : {}),
    ...(socketIo ? { socketIo } : {}),
  };
  // a folder of its own, where its pid file and its control socket lie as well
  const folder = await temporaryFolder();
  const config = join(folder, 'gatewayworker.config.json');
  await writeFile(
    config,
    JSON.stringify({ gateway: { listen: [listener], ...inner }, worker: { events }, ...settings }),
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
        else if (level > INFO && !quiet()) process.stderr.write(`${line}\n`);
      });
    }),
  );
  return {
    ...running(child, port, options, socketIo ? 'socketIo' : 'plain'),
    async reload() {
      const reloaded = new Promise<void>((resolve) => (onReloaded = resolve));
      child.process.kill('SIGUSR2');
      await child.orExit(reloaded);
    },
    async stop() {
      await child.stop();
      await removeFolder(folder);
    },
  };
}

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Connection } from '../load/connection.js';
import type { Target } from '../load/orders.js';
import { seconds } from '../load/window.js';
import { certificate } from './certificate.js';
import { Child } from './child.js';
import { freePorts } from './free-ports.js';
import { type Contestant, running } from './server.js';
import { removeFolder, temporaryFolder } from './temporary-folder.js';

const START = fileURLToPath(new URL('../../bench/peers/php/start.php', import.meta.url));
/** select() of Workerman's loop without an extension takes no file descriptor above 1,023. */
const MOST_CLIENTS = 1000;
/** Seconds that it may take to start, and between two tries to talk to it. */
const START_LIMIT = 20;
const TRY_AGAIN = 0.1;

/**
 * PHP GatewayWorker.
 *
 * @param gatewayWorker its checkout, or a folder where composer has installed it
 * @param workerman Workerman's checkout; not needed with composer
 */
export function phpGatewayWorker(gatewayWorker: string, workerman: string | undefined): Contestant {
  return {
    name: 'PHP GatewayWorker',
    mostClients: hasEventLoop() ? undefined : MOST_CLIENTS,
    probed: false,
    reloads: false,
    compresses: false,
    speaksSocketIo: false,
    clusters: false,
    requests: false,
    async prepare() {
      await Promise.resolve();
      checkPlaces(gatewayWorker, workerman);
    },
    async start(options) {
      const folder = await temporaryFolder();
      const cores = availableParallelism();
      // each gateway process has an inner port of its own, counted up from the first
      const [port, registerPort, startPort] = await freePorts(2 + cores);
      const bench = { folder, port, registerPort, startPort, cores, tls: options.tls && certificate };
      const child = new Child({
        name: 'PHP GatewayWorker',
        command: 'php',
        args: [START, 'start'],
        env: {
          BENCH: JSON.stringify(bench),
          GATEWAYWORKER_PHP: resolve(gatewayWorker),
          WORKERMAN_PHP: workerman === undefined ? '' : resolve(workerman),
        },
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      const server = running(child, port, options);
      await child.orExit(answering(server.target));
      return {
        ...server,
        async stop() {
          await server.stop();
          await removeFolder(folder);
        },
      };
    },
  };
}

/** Whether there is an extension that Workerman takes for its event loop. */
function hasEventLoop(): boolean {
  const { stdout } = spawnSync('php', ['-m'], { encoding: 'utf8' });
  return /^(?:event|ev)$/m.test(stdout ?? '');
}

function checkPlaces(gatewayWorker: string, workerman: string | undefined): void {
  if (existsSync(join(gatewayWorker, 'vendor', 'autoload.php'))) return;
  if (!existsSync(join(gatewayWorker, 'src', 'BusinessWorker.php'))) {
    throw new Error(
      `GATEWAYWORKER_PHP is ${gatewayWorker}; expected a checkout of GatewayWorker, or a folder where composer has installed it`,
    );
  }
  if (workerman === undefined || !existsSync(join(workerman, 'src', 'Worker.php'))) {
    throw new Error(
      `WORKERMAN_PHP is ${workerman ?? 'not set'}; expected a checkout of Workerman, which GatewayWorker runs on`,
    );
  }
}

/** Resolves when a client gets its answer: some moments after the port is open, the gateways and workers know each other. */
async function answering(target: Target): Promise<void> {
  const deadline = performance.now() + START_LIMIT * 1000;
  for (;;) {
    try {
      await answerTo(target);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await seconds(TRY_AGAIN);
    }
  }
}

async function answerTo(target: Target): Promise<void> {
  let client: Connection | undefined;
  try {
    await new Promise<void>((opened, reject) => {
      client = new Connection(target, 0, opened, reject);
    });
    await client?.ask('s');
  } finally {
    client?.destroy();
  }
}

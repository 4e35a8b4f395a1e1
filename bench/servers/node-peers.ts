import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { DialectName } from '../load/dialect.js';
import { certificate } from './certificate.js';
import { Child } from './child.js';
import { runTool } from './tool.js';
import { type Contestant, running } from './server.js';

/** The peers from the npm registry, a package of its own beside the compiled benchmarks. */
const FOLDER = new URL('../../bench/peers/', import.meta.url);

let installed: Promise<void> | undefined;

async function install(): Promise<void> {
  const [asked, present] = ['package-lock.json', 'node_modules/.package-lock.json'].map((name) =>
    statSync(new URL(name, FOLDER), { throwIfNoEntry: false }),
  );
  if (asked !== undefined && present !== undefined && present.mtimeMs >= asked.mtimeMs) return;
  process.stderr.write('installing the peers from the npm registry into bench/peers/node_modules\n');
  await runTool('npm', ['ci', '--no-audit', '--no-fund'], fileURLToPath(FOLDER));
}

function forked(name: string, module: URL, dialect: DialectName, prepare?: () => Promise<void>): Contestant {
  return {
    name,
    probed: true,
    reloads: false,
    compresses: true,
    speaksSocketIo: dialect === 'socketIo',
    clusters: false,
    requests: false,
    prepare,
    async start(options) {
      const args = [
        ...(options.tls ? ['--cert', certificate.cert, '--key', certificate.key] : []),
        ...(options.compression ? ['--compression'] : []),
      ];
      const child = Child.fork(name, module, args, options);
      const { port } = await child.message<{ port: number }>();
      return running(child, port, options, dialect);
    },
  };
}

function npmPeer(name: string, module: string, dialect: DialectName): Contestant {
  return forked(name, new URL(module, FOLDER), dialect, async () => await (installed ??= install()));
}

export const bareWs = npmPeer('bare ws', 'bare-ws.js', 'plain');
export const socketIo = npmPeer('Socket.IO', 'socket-io.js', 'socketIo');

/** Beside ours in what `onRequest` does, and in nothing else. */
export const fastify: Contestant = {
  ...npmPeer('fastify', 'fastify.js', 'plain'),
  mostClients: 0,
  probed: false,
  compresses: false,
  requests: true,
};

/** Not a peer: what the load generator can do at most. */
export const ceiling = forked('ceiling', new URL('ceiling.js', import.meta.url), 'plain');

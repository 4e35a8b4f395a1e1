import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { certificate } from './certificate.js';
import { Child } from './child.js';
import { type Contestant, running } from './server.js';
import { runTool } from './tool.js';

const SOURCE = fileURLToPath(new URL('../../bench/peers/uwebsockets.cpp', import.meta.url));
/** Ignored by git. */
const BUILD_FOLDER = fileURLToPath(new URL('../../bench/peers/build/', import.meta.url));

/** The options of its own build files. */
const OPTIMIZED = ['-O3', '-flto=auto', '-DLIBUS_USE_OPENSSL'];

/**
 * uWebSockets in C++, compiled at first use with the options of its own build files, with TLS.
 *
 * @param checkout its repository; µSockets is a submodule in there, or a checkout of its own beside it
 */
export function uWebSockets(checkout: string): Contestant {
  let program = '';
  return {
    name: 'uWebSockets',
    probed: false,
    reloads: false,
    compresses: false,
    speaksSocketIo: false,
    clusters: false,
    requests: false,
    async prepare() {
      program = await compiled(resolve(checkout));
    },
    async start(options) {
      const args = options.tls ? [certificate.cert, certificate.key] : [];
      const child = new Child({
        name: 'uWebSockets',
        command: program,
        args,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const port = await child.orExit(new Promise<number>((up) => child.onLine((line) => up(Number(line)))));
      return running(child, port, options);
    },
  };
}

/** @returns the program's path */
async function compiled(checkout: string): Promise<string> {
  const sockets = microSockets(checkout);
  const hash = createHash('sha256')
    .update(await readFile(SOURCE))
    .update(checkout)
    .update(sockets);
  const program = join(BUILD_FOLDER, `uwebsockets-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(program)) return program;
  process.stderr.write('compiling uWebSockets into bench/peers/build\n');
  await mkdir(BUILD_FOLDER, { recursive: true });
  const folder = await mkdtemp(join(BUILD_FOLDER, 'objects-'));
  try {
    const sources = (...parts: readonly string[]): string[] => {
      const directory = join(sockets, 'src', ...parts.slice(0, -1));
      const ending = parts.at(-1) as string;
      return readdirSync(directory)
        .filter((file) => file.endsWith(ending))
        .map((file) => join(directory, file));
    };
    const include = `-I${join(sockets, 'src')}`;
    await runTool(
      'gcc',
      [
        '-std=c11',
        ...OPTIMIZED,
        include,
        '-c',
        ...sources('.c'),
        ...sources('eventing', '.c'),
        ...sources('crypto', '.c'),
      ],
      folder,
    );
    await runTool('g++', ['-std=c++17', ...OPTIMIZED, include, '-c', ...sources('crypto', '.cpp')], folder);
    const objects = readdirSync(folder);
    const libraries = ['-lz', '-lssl', '-lcrypto'];
    const includes = [`-I${join(checkout, 'src')}`, include];
    await runTool(
      'g++',
      [
        '-march=native',
        '-std=c++2b',
        ...OPTIMIZED,
        ...includes,
        SOURCE,
        ...objects,
        ...libraries,
        '-o',
        'program',
      ],
      folder,
    );
    await rename(join(folder, 'program'), program);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return program;
}

function microSockets(checkout: string): string {
  const places = [
    join(checkout, 'uSockets'),
    join(checkout, '..', 'uSockets'),
    checkout.replace(/uWebSockets$/, 'uSockets'),
  ];
  const found = places.find((place) => existsSync(join(place, 'src', 'libusockets.h')));
  if (found !== undefined && existsSync(join(checkout, 'src', 'App.h'))) return found;
  throw new Error(
    `UWEBSOCKETS is ${checkout}; expected a checkout of uWebSockets, with its submodule uSockets or with uSockets beside it`,
  );
}

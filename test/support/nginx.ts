import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

/** A folder that not everybody's PATH has. */
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` };

/** An nginx in a folder of its own, as `npm run setup` installs it. */
export class Nginx {
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(server: ChildProcess, folder: string) {
    this.#process = server;
    this.#folder = folder;
  }

  /** Resolves when it is up. @param http what goes into its `http` block @param main what goes beside it */
  static async start({ http = '', main = '' }: { http?: string; main?: string }): Promise<Nginx> {
    const folder = await mkdtemp(join(tmpdir(), 'gatewayworker-nginx-'));
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    const lines = [
      ...(await streamModule()),
      'daemon off;',
      'worker_processes 1;',
      `pid ${folder}/pid;`,
      'error_log stderr notice;',
      ...(userInfo().uid === 0 ? ['user root;'] : []),
      'events {}',
      'http {',
      'access_log off;',
      ...temporary.map((name) => `${name}_temp_path ${folder}/${name};`),
      http,
      '}',
      main,
    ];
    const file = join(folder, 'nginx.conf');
    await writeFile(file, lines.join('\n'));
    const server = spawn('nginx', ['-c', file, '-p', folder], { stdio: ['ignore', 'ignore', 'pipe'], env });
    const end = (): void => void server.kill('SIGKILL');
    process.once('exit', end);
    server.once('exit', () => process.off('exit', end));
    let said = '';
    for await (const line of createInterface({ input: server.stderr })) {
      said += `${line}\n`;
      if (!line.includes('start worker process ')) continue;
      server.stderr.resume();
      return new Nginx(server, folder);
    }
    throw new Error(`nginx does not start:\n${said}`);
  }

  /** Ends it at once, with all connections. */
  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, 'exit');
      this.#process.kill('SIGTERM');
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** What loads the module for streams, where it is not a part of the program. */
async function streamModule(): Promise<string[]> {
  let built: string;
  try {
    ({ stderr: built } = await promisify(execFile)('nginx', ['-V'], { env }));
  } catch (cause) {
    throw new Error('nginx is not there: run npm run setup', { cause });
  }
  const [, folder = ''] = /--modules-path=(\S*)/.exec(built) ?? [];
  const file = join(folder, 'ngx_stream_module.so');
  return existsSync(file) ? [`load_module ${file};`] : [];
}

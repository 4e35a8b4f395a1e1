import assert from 'node:assert/strict';
import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Language, TemplateName } from '#src/project/templates.js';
import { Foreground } from '../cli/foreground-node.js';
import { PackageProject } from '../support/package-project.js';

/** Whether they are installed by npm from a tarball, which takes minutes: `npm run test:projects`. */
export const INSTALLED = process.env.PROJECTS === 'installed';

/** What a project needs beside this one: for the types, for schemas, and for versions of node without SQLite of their own. */
const PACKAGES = ['typescript', '@types/node', 'better-sqlite3', 'typebox'];

type Program = ChildProcessByStdio<null, Readable, Readable>;

export interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly error: string;
}

/** A project that `gatewayworker new` has made, beside this repository in place of an installed package. */
export class MadeProject {
  readonly folder: string;
  readonly #around = new PackageProject();
  readonly #started: ChildProcess[] = [];

  private constructor() {
    this.folder = join(this.#around.folder, 'my-app');
  }

  static async make(template: TemplateName, language: Language): Promise<MadeProject> {
    const made = new MadeProject();
    const words = ['new', 'my-app', '--template', template, language === 'javascript' ? '--js' : '--ts'];
    if (INSTALLED) await made.#install(words);
    else await made.#link(words);
    return made;
  }

  async #link(words: readonly string[]): Promise<void> {
    this.#around.linkPackage();
    for (const name of PACKAGES) this.#around.link(name);
    await this.#succeed('gatewayworker', words, this.#around.folder);
  }

  /** As a stranger does it: npx with a tarball, and npm install. */
  async #install(words: readonly string[]): Promise<void> {
    const [, tarball] = this.#around.pack().split(':');
    await this.#succeed(
      'npx',
      ['--yes', '--package', `./${tarball}`, 'gatewayworker', ...words],
      this.#around.folder,
    );
    await this.#succeed('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund'], this.folder);
    const { out } = await this.#succeed('npm', ['run', 'check'], this.folder);
    assert.match(out, words.includes('--ts') ? /types {10}no errors/ : /events .*compiles/);
  }

  async #succeed(program: string, words: readonly string[], folder: string): Promise<Outcome> {
    const outcome = await this.#outcome(program, words, {}, folder);
    assert.equal(outcome.status, 0, `${program} ${words.join(' ')}\n${outcome.out}\n${outcome.error}`);
    return outcome;
  }

  /** One of the programs of the project's package.json, as npm would run it: `npm run push -- ann`. */
  async script(name: string, words: readonly string[] = [], env = {}): Promise<Outcome> {
    return await this.#outcome('sh', this.#shell(name, words), env);
  }

  /** The same, of one that goes on: its process, which ends with the test. */
  spawnScript(name: string, ...words: readonly string[]): ChildProcess {
    return this.#spawn('sh', this.#shell(name, words));
  }

  async run(program: string, ...words: readonly string[]): Promise<Outcome> {
    return await this.#outcome(program, words);
  }

  /** Starts the node as `npm start` does, but on free ports. @param listen urls, with what else their listeners have */
  async start(listen: readonly object[]): Promise<Foreground> {
    const free = {
      GW_GATEWAY_LISTEN: JSON.stringify(listen),
      GW_GATEWAY_LANPORT: '0',
      GW_REGISTER_LISTEN: '127.0.0.1:0',
      GW_WORKER_COUNT: '1',
    };
    return await Foreground.up(this.#spawn('sh', this.#shell('start', []), free));
  }

  async remove(): Promise<void> {
    for (const child of this.#started) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    this.#around.remove();
  }

  #shell(name: string, words: readonly string[]): string[] {
    const { scripts } = JSON.parse(readFileSync(join(this.folder, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    // in the shell's place, so that a signal reaches it
    return ['-c', `exec ${scripts[name].replace(/^exec /, '')} "$@"`, name, ...words];
  }

  async #outcome(
    program: string,
    words: readonly string[],
    env = {},
    folder = this.folder,
  ): Promise<Outcome> {
    const child = this.#spawn(program, words, env, folder);
    const [out, error, [status]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number | null]>,
    ]);
    return { status, out, error };
  }

  #spawn(program: string, words: readonly string[], env = {}, folder = this.folder): Program {
    const bin = 'node_modules/.bin';
    const PATH = [join(this.folder, bin), join(this.#around.folder, bin), process.env.PATH].join(delimiter);
    const child = spawn(program, words, {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      // what runs these tests says things to its tests that are not for others
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, NODE_V8_COVERAGE: undefined, PATH, ...env },
    });
    this.#started.push(child);
    return child;
  }
}

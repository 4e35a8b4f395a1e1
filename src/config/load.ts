import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, relative } from 'node:path';
import { findConfigFile, readConfigFile } from './config-file.js';
import { applyEnvironment } from './environment.js';
import { isRecord } from './record.js';
import type { NodeConfig } from './schema.js';
import { givenStateDir } from './state-dir.js';
import { validateConfig } from './validate.js';

export interface LoadOptions {
  /** The argument of `-c`: a path, relative to `cwd`. Without it `gatewayworker.config.*` in `cwd`, if there is one. */
  readonly file?: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** How many processes share this machine, each with this configuration; 1 without it. */
  readonly nodes?: number;
}

export interface LoadedConfig {
  readonly config: NodeConfig;
  /** The file that was read, absolute; `undefined` when there is none and the defaults apply. */
  readonly file: string | undefined;
  /** What is no mistake for certain, a line each. */
  readonly warnings: readonly string[];
}

/**
 * Reads the configuration: file, then environment, then defaults for what neither says. Opens nothing.
 *
 * @throws GatewayError GW_CONFIG that lists every problem found, one a line
 */
export async function loadConfig({ file, cwd, env, nodes = 1 }: LoadOptions): Promise<LoadedConfig> {
  const found = await findConfigFile(cwd, file);
  const value = found === undefined ? {} : await readConfigFile(found, givenStateDir(found, env));
  const overrides = applyEnvironment(value, env);
  if (nodes > 1) shareCores(value, nodes);
  const named = isRecord(value) && isRecord(value.gateway) && value.gateway.listen !== undefined;
  const config = validateConfig(value, {
    source: found === undefined ? 'The environment' : relative(cwd, found),
    directory: found === undefined ? cwd : dirname(found),
    overrides,
  });
  // that of the default may come later, or never: an application need not have a page
  const absent = named ? absentFolders(config) : [];
  return { config, file: found, warnings: [...overrides.warnings, ...absent] };
}

/** Folders of static files that are not there, which may be misspelt. */
function absentFolders({ gateway }: NodeConfig): string[] {
  if (gateway === false) return [];
  return gateway.listen.flatMap(({ url, static: folder }) =>
    folder === undefined || existsSync(folder)
      ? []
      : [`${url}: the folder of static files ${folder} does not exist`],
  );
}

/** The default of `worker.count` is for one process: several of them share the cores. */
function shareCores(value: unknown, nodes: number): void {
  if (!isRecord(value)) return;
  const { worker = {} } = value;
  if (!isRecord(worker) || Array.isArray(worker) || worker.count !== undefined) return;
  // as for one process, a core is left to the main thread
  value.worker = { ...worker, count: Math.max(1, Math.floor(availableParallelism() / nodes) - 1) };
}

import { dirname, resolve } from 'node:path';
import { readConfigFile } from './config-file.js';
import { isRecord } from './record.js';

const VARIABLE = 'GW_STATEDIR';

/**
 * What `stateDir` is, for commands that need no more of the configuration than to find its node: absolute, or empty.
 *
 * @param file absolute; undefined when there is none
 * @throws GW_CONFIG when the file cannot be read
 */
export async function readStateDir(file: string | undefined, env: NodeJS.ProcessEnv): Promise<string> {
  if (env[VARIABLE] !== undefined) return givenStateDir(file, env);
  if (file === undefined) return '';
  const value = await readConfigFile(file, '');
  const stateDir = isRecord(value) ? value.stateDir : undefined;
  return typeof stateDir === 'string' && stateDir !== '' ? resolve(dirname(file), stateDir) : '';
}

/** What the environment says, which is known before a configuration that is a program can be run. */
export function givenStateDir(file: string | undefined, env: NodeJS.ProcessEnv): string {
  const given = env[VARIABLE] ?? '';
  return given === '' ? '' : resolve(file === undefined ? '.' : dirname(file), given);
}

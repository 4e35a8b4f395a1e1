import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { GatewayError } from '../../base/errors.js';

const ANOTHER = 'Name a folder for the files of the node, or one that does not exist yet.';

/**
 * Whether the folder that the user has named for a node's files can be one, by the name of the setting: later it would
 * only show in the path of one of them. One that does not exist is made; one that takes no files may do for some commands.
 *
 * @param stateDir absolute, or empty
 * @throws GW_CONTROL
 */
export async function refuseUnusable(stateDir: string, env: NodeJS.ProcessEnv): Promise<void> {
  if (stateDir === '') return;
  const key = env.GW_STATEDIR ? 'GW_STATEDIR' : 'stateDir';
  const named = `${key} is ${stateDir}, which`;
  try {
    if (!(await stat(stateDir)).isDirectory()) throw unusable(`${named} is no folder. ${ANOTHER}`);
    await access(stateDir, constants.R_OK | constants.X_OK);
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    if (code === 'ENOTDIR') throw unusable(`${named} lies within a file. ${ANOTHER}`);
    throw unusable(
      `${named} cannot be read (${code}). Run this as the user that may, or name another folder.`,
    );
  }
}

function unusable(message: string): GatewayError {
  return new GatewayError('GW_CONTROL', message);
}

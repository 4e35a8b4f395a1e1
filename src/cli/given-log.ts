import { resolve } from 'node:path';
import { makeLogFolder } from '../ops/log/log-file.js';
import { say } from './this-program.js';

/**
 * The log file that was named with `--log`, absolute. A folder that has to be made for it is told of: its name may be
 * misspelt.
 *
 * @throws GW_CONTROL when there can be no such folder
 */
export function givenLog(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const log = resolve(path);
  const made = makeLogFolder(log);
  if (made !== undefined) say(`created the folder ${made} for the log ${log}`);
  return log;
}

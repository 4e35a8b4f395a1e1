import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { GatewayError } from '../../base/errors.js';
import { makeLogFolder, unwritableLog } from '../log/log-file.js';
import { isReport, type NodeReport } from './node-report.js';

/**
 * Starts a supervisor that outlives this process and its terminal, and waits until its node is up.
 *
 * @param argv node's arguments: the program and what it is to do
 * @throws GW_CONTROL when the log cannot be written, or the process ends without a word
 */
export async function startDetached(argv: readonly string[], log: string): Promise<NodeReport> {
  const supervisor = spawnInto(log, argv);
  try {
    return await new Promise((resolve, reject) => {
      supervisor.on('message', (message) => {
        if (isReport(message)) resolve(message);
      });
      supervisor.once('error', reject);
      supervisor.once('close', (code, signal) =>
        reject(
          new GatewayError(
            'GW_CONTROL',
            `The node ended before it was up, with ${signal === null ? `exit status ${code}` : `signal ${signal}`}. The log ${log} may say why.`,
          ),
        ),
      );
    });
  } finally {
    if (supervisor.connected) supervisor.disconnect();
    supervisor.unref();
  }
}

function spawnInto(log: string, argv: readonly string[]): ChildProcess {
  let file: number;
  makeLogFolder(log);
  try {
    file = openSync(log, 'a');
  } catch (error) {
    throw unwritableLog(log, error);
  }
  try {
    return spawn(process.execPath, argv, {
      detached: true,
      stdio: ['ignore', file, file, 'ipc'],
      windowsHide: true,
    });
  } finally {
    closeSync(file);
  }
}

import { findConfigFile } from '../config/config-file.js';
import { readStateDir } from '../config/state-dir.js';
import { type NodeFiles, nodeFiles } from '../ops/process/node-files.js';
import { refuseUnusable } from '../ops/process/usable-state-dir.js';
import { notRunning, RunningNode } from '../ops/process/running-node.js';

/** Where the node of this configuration is, and the file itself. @throws GW_CONFIG; GW_CONTROL when `stateDir` can be no folder */
export async function locate(
  given: string | undefined,
): Promise<{ file: string | undefined; files: NodeFiles }> {
  const file = await findConfigFile(process.cwd(), given);
  const usual = nodeFiles(file, process.cwd(), '');
  // where most are, and are found though the configuration has become wrong, and without running one that is a program
  if (process.env.GW_STATEDIR === undefined && (await RunningNode.find(usual))) return { file, files: usual };
  const stateDir = await readStateDir(file, process.env);
  await refuseUnusable(stateDir, process.env);
  return { file, files: stateDir === '' ? usual : nodeFiles(file, process.cwd(), stateDir) };
}

/** @throws GW_CONTROL when no node runs there */
export async function findRunning(given: string | undefined): Promise<RunningNode> {
  const { files } = await locate(given);
  const node = await RunningNode.find(files);
  if (!node) throw notRunning(files);
  return node;
}

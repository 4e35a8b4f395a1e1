import type { GracefulOption, StartOptions } from './options.js';
import { RunningNode } from '../ops/process/running-node.js';
import { checkApplication, load } from './application.js';
import { locate } from './locate.js';
import { start } from './start.js';
import { say } from './this-program.js';

/** With a configuration or an application that is wrong the node would not come back: they are checked first. */
export async function restart({
  graceful = false,
  ...options
}: StartOptions & GracefulOption): Promise<void> {
  const { files } = await locate(options.config);
  const node = await RunningNode.find(files);
  const nodes = options.nodes ?? node?.record.nodes;
  const { config } = await load({ ...options, nodes });
  await checkApplication(config);
  if (node) {
    await node.stop(graceful);
    say(`stopped (pid ${node.pid})`);
  }
  const log = options.log ?? node?.record.log ?? undefined;
  const detach = options.detach === true || node?.supervisor !== undefined;
  await start({ ...options, detach, log, nodes });
}

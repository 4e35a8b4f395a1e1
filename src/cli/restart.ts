import type { GracefulOption, StartOptions } from './options.js';
import { RunningNode, notRunning } from '../ops/process/running-node.js';
import { checkApplication, load } from './application.js';
import { locate } from './locate.js';
import { start } from './start.js';
import { say } from './this-program.js';

export interface RestartOptions extends StartOptions, GracefulOption {
  /** One process of a group after the other. */
  readonly rolling?: boolean;
}

/** With a configuration or an application that is wrong the node would not come back: they are checked first. */
export async function restart({
  graceful = false,
  rolling = false,
  ...options
}: RestartOptions): Promise<void> {
  const { files } = await locate(options.config);
  const node = await RunningNode.find(files);
  if (rolling) {
    if (node === undefined) throw notRunning(files);
    // the group itself checks the configuration and the code
    await node.converse(async (client) => await client.ask({ command: 'restart', graceful }));
    say(`restarted, one node after the other (pid ${node.pid})`);
    return;
  }
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

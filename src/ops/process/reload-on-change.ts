import { systemClock } from '../../base/clock.js';
import type { NodeConfig } from '../../config/schema.js';
import type { Logger } from '../../base/log.js';
import { FolderWatcher } from './folder-watcher.js';

/** For development: has the node reloaded when a file in its events folder changes. */
export function reloadOnChange(
  { gateway, worker, stateDir }: NodeConfig,
  reload: () => Promise<unknown>,
  log: Logger,
): void {
  if (worker === false) return;
  const watcher = new FolderWatcher({
    folder: worker.events,
    ignored: [
      stateDir,
      ...(gateway === false ? [] : gateway.listen.flatMap(({ static: folder }) => folder ?? [])),
    ],
    clock: systemClock,
    onChange() {
      log.info(`a file in ${worker.events} has changed: reloading`);
      // the log says how it ended
      reload().catch(() => {});
    },
    onError: (error) => log.warn({ err: error }, `${worker.events} cannot be watched`),
  });
  watcher.start();
}

import { type LoadedConfig, loadConfig } from '../config/load.js';
import type { NodeConfig } from '../config/schema.js';
import { checkGroup } from '../ops/group/member-config.js';
import { refuseUnusable } from '../ops/process/usable-state-dir.js';
import { checkCertificates } from '../node/check-certificates.js';
import type { StartOptions } from './options.js';
import { EventsBundle } from '../bundle/events-bundle.js';

/** @throws GW_CONFIG; GW_CONTROL when `stateDir` can be no folder */
export async function load({ config: given, nodes = 1 }: StartOptions): Promise<LoadedConfig> {
  const loaded = await loadConfig({ file: given, cwd: process.cwd(), env: process.env, nodes });
  await refuseUnusable(loaded.config.stateDir, process.env);
  if (nodes > 1) checkGroup(loaded.config, nodes);
  return loaded;
}

/**
 * Whether this configuration can be run: its certificates are read, and events/ is compiled. Nothing is opened or run.
 *
 * @throws GW_TLS, GW_EVENTS_MISSING, GW_EVENTS_COMPILE
 */
export async function checkApplication(config: NodeConfig): Promise<void> {
  await checkCertificates(config);
  await checkEvents(config);
}

/**
 * Compiles events/ without running it, so that a mistake shows before a running node is stopped for a new one.
 *
 * @throws GW_EVENTS_MISSING, GW_EVENTS_COMPILE
 */
export async function checkEvents({ worker, stateDir }: NodeConfig): Promise<void> {
  if (worker !== false) await EventsBundle.build(worker.events, stateDir);
}

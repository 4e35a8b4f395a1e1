import { GatewayError } from '../base/errors.js';
import type { ConfigOption, GracefulOption } from './options.js';
import { connectionsReport, type ReportOptions, showReport, statusReport } from './report-command.js';
import { findRunning, locate } from './locate.js';
import { say } from './this-program.js';

/*
 * What is asked of a node that runs. These commands are run often, and load nothing of what a node is made of.
 */

export async function stop({ config, graceful = false }: GracefulOption): Promise<void> {
  const node = await findRunning(config);
  await node.stop(graceful);
  say(`stopped (pid ${node.pid})`);
}

export async function reload({ config, graceful = false }: GracefulOption): Promise<void> {
  const node = await findRunning(config);
  const note = await node.converse(async (client) => await client.ask({ command: 'reload', graceful }));
  say(`reloaded (pid ${node.pid})`, ...(note ? [note.note] : []));
}

export async function status({ config, ...options }: ConfigOption & ReportOptions): Promise<void> {
  await showReport(statusReport, (await locate(config)).files, options);
}

export async function connections({
  config,
  offset,
  limit,
  ...options
}: ConfigOption & ReportOptions & { readonly offset: number; readonly limit: number }): Promise<void> {
  await showReport(connectionsReport(offset, limit), (await locate(config)).files, options);
}

export async function admin({
  config,
  open = false,
}: ConfigOption & { readonly open?: boolean }): Promise<void> {
  const node = await findRunning(config);
  const found = await node.converse(async (client) => await client.ask({ command: 'admin' }));
  if (found === null) {
    throw new GatewayError(
      'GW_CONTROL',
      'The node has no admin listener: admin is false in its configuration. Set it otherwise, or leave it out, and restart the node.',
    );
  }
  say(found.link);
  if (open) await (await import('./open-browser.js')).openBrowser(found.link);
}

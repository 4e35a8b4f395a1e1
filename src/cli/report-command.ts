import { setTimeout as delay } from 'node:timers/promises';
import { GatewayError } from '../base/errors.js';
import { connectionsView } from '../ops/view/connections-view.js';
import type { ControlClient } from '../ops/control/control-client.js';
import { showLive } from '../ops/view/live-screen.js';
import type { NodeFiles } from '../ops/process/node-files.js';
import { notRunning, RunningNode } from '../ops/process/running-node.js';
import { collectConnections, type ConnectionPage } from '../ops/requests/connections.js';
import type { NodeStatus } from '../ops/requests/status.js';
import { shownLink } from '../ops/requests/admin.js';
import { statusView } from '../ops/view/status-view.js';
import { type Paint, painter } from '../ops/view/table.js';
import { wrap } from '../ops/view/terminal-text.js';

/** Milliseconds between two reports that are not shown on a terminal. */
const INTERVAL = 1000;

/** Something that a node tells about itself: how it is asked for, and how it is shown to people. */
interface Report<T> {
  readonly ask: (node: ControlClient) => Promise<T>;
  readonly view: (value: T, colours: boolean) => readonly string[];
}

export const statusReport: Report<NodeStatus> = {
  async ask(node) {
    const status = await node.ask({ command: 'status' });
    const admin = await node.ask({ command: 'admin' });
    return admin === null ? status : { ...status, admin: shownLink(admin) };
  },
  view: statusView,
};

export function connectionsReport(offset: number, limit: number): Report<ConnectionPage> {
  return {
    ask: async (node) => await collectConnections(offset, limit, async (request) => await node.ask(request)),
    view: connectionsView,
  };
}

export interface ReportOptions {
  readonly json?: boolean;
  readonly watch?: boolean;
}

/**
 * Writes a report to standard output: once, or each second until the user leaves.
 *
 * @throws GatewayError when no node answers
 */
export async function showReport<T>(
  report: Report<T>,
  files: NodeFiles,
  { json = false, watch = false }: ReportOptions,
): Promise<void> {
  const { stdin, stdout } = process;
  const colours = stdout.isTTY && stdout.hasColors();
  const fetch = async (): Promise<T> => {
    const node = await RunningNode.find(files);
    if (!node) throw notRunning(files);
    return await node.converse(report.ask);
  };
  const draw = async (): Promise<readonly string[]> => report.view(await fetch(), colours);

  if (watch && !json && stdout.isTTY) {
    // before the screen is taken over: nothing is there to be watched when no node runs
    await draw();
    await showLive(patient(draw, painter(colours)), { input: stdin, output: stdout });
    return;
  }
  for (;;) {
    if (json) stdout.write(`${JSON.stringify(await fetch(), null, watch ? undefined : 2)}\n`);
    else stdout.write(`${(await draw()).join('\n')}\n`);
    if (!watch) return;
    await delay(INTERVAL);
    if (!json) stdout.write('\n');
  }
}

/** Goes on while a node restarts: with what was last seen, and why there is nothing new. */
function patient(draw: () => Promise<readonly string[]>, paint: Paint): () => Promise<readonly string[]> {
  let last: readonly string[] = [];
  return async () => {
    try {
      last = await draw();
      return [...last, '', paint('dim', 'q leaves')];
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const reason = error.message.split('\n').flatMap((line) => wrap(line, process.stdout.columns));
      return [...reason.map((line) => paint('red', line)), '', 'This was last seen:', '', ...last];
    }
  };
}

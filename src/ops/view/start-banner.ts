import { relative } from 'node:path';
import type { NodeConfig } from '../../config/schema.js';
import { type AdminLink, shownLink } from '../requests/admin.js';
import { painter } from './table.js';
import { printable } from './terminal-text.js';

export interface StartBanner {
  readonly version: string;
  readonly node: { readonly name: string; readonly listeners: readonly string[]; readonly workers: number };
  readonly config: NodeConfig;
  /** The configuration file, absolute; undefined when there is none. */
  readonly file: string | undefined;
  /** Whether the events folder is watched. */
  readonly watch: boolean;
  /** How many nodes share the ports. */
  readonly nodes: number;
  /** How the admin listener is reached; undefined when there is none. */
  readonly admin: AdminLink | undefined;
}

/** What `start` says on a terminal when the node is up. */
export function startBanner(
  { version, node, config, file, watch, nodes, admin }: StartBanner,
  colours: boolean,
): readonly string[] {
  const paint = painter(colours);
  const { name, listeners, workers } = node;
  const row = (title: string, value: string): string => `  ${paint('dim', title.padEnd(9))} ${value}`;
  const shownListeners = listeners.map((url, index) => `${url}${hasTls(config, index) ? ' (TLS)' : ''}`);
  const longest = Math.max(0, ...shownListeners.map(({ length }) => length));
  const events = config.worker === false ? 'none' : shown(config.worker.events);
  return [
    `${paint('bold', `gatewayworker ${version}`)} is up   node.js ${process.version}   pid ${process.pid}`,
    '',
    row('node', printable(name)),
    row('config', file === undefined ? 'none, all defaults' : shown(file)),
    row('events', `${events}${watch ? ', reloaded when a file changes' : ''}`),
    row('workers', nodes === 1 ? String(workers) : `${workers}, of ${nodes} nodes that share the ports`),
    ...listeners.map((url, index) =>
      row(
        index === 0 ? 'listening' : '',
        `${shownListeners[index].padEnd(longest)}${browserUrl(url)}`.trimEnd(),
      ),
    ),
    ...(admin === undefined ? [] : [row('admin', shownLink(admin))]),
    '',
    paint('dim', 'Ctrl-C stops. From another terminal: gatewayworker status, reload, stop.'),
    '',
  ];
}

/** Whether a listener's scheme does not say that it speaks TLS. */
function hasTls({ gateway }: NodeConfig, index: number): boolean {
  const { url, tls } = gateway === false ? {} : (gateway.listen[index] ?? {});
  return tls !== undefined && url?.startsWith('wss') !== true;
}

/** As one would type it here. */
function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
}

/** What to type into a browser on this machine. */
function browserUrl(url: string): string {
  if (!/^wss?:/.test(url)) return '';
  return `   ${url.replace(/^ws/, 'http').replace(/\/\/(?:0\.0\.0\.0|\[::\])/, '//localhost')}`;
}

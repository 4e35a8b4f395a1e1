import { relative } from 'node:path';
import { painter } from './table.js';
import { printable } from './text.js';

export interface StartBanner {
  readonly version: string;
  readonly name: string;
  /** With real ports. */
  readonly listeners: readonly string[];
  readonly workers: number;
  /** The events folder, absolute. */
  readonly events: string;
  /** The configuration file, absolute; undefined when there is none. */
  readonly config: string | undefined;
  readonly watching: boolean;
}

/** What `start` says on a terminal when the node is up. */
export function startBanner(banner: StartBanner, colours: boolean): readonly string[] {
  const paint = painter(colours);
  const { version, name, listeners, workers, events, config, watching } = banner;
  const row = (title: string, value: string): string => `  ${paint('dim', title.padEnd(9))} ${value}`;
  const longest = Math.max(...listeners.map((url) => url.length));
  return [
    `${paint('bold', `gatewayworker ${version}`)} is up   node.js ${process.version}   pid ${process.pid}`,
    '',
    row('node', printable(name)),
    row('config', config === undefined ? 'none: defaults' : shown(config)),
    row('events', `${shown(events)}${watching ? ', reloaded when it changes' : ''}`),
    row('workers', String(workers)),
    ...listeners.map((url, index) =>
      row(index === 0 ? 'listening' : '', `${url.padEnd(longest)}${browserUrl(url)}`.trimEnd()),
    ),
    '',
    paint('dim', 'Ctrl-C stops. From another terminal: gatewayworker status, reload, stop.'),
    '',
  ];
}

function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
}

/** What to type into a browser on this machine. */
function browserUrl(url: string): string {
  if (!/^wss?:/.test(url)) return '';
  return `   ${url.replace(/^ws/, 'http').replace(/\/\/(?:0\.0\.0\.0|\[::\])/, '//localhost')}`;
}

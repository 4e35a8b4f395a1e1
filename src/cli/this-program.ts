import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { StartOptions } from './options.js';

export const PROGRAM = fileURLToPath(new URL('../main.js', import.meta.url));

export const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };

/** The arguments for another process of this program. */
export function programArguments(
  command: string,
  { config, log, watch = false, nodes }: Pick<StartOptions, 'config' | 'log' | 'watch' | 'nodes'>,
  ...more: readonly string[]
): readonly string[] {
  return [
    ...process.execArgv,
    PROGRAM,
    command,
    ...(config === undefined ? [] : ['--config', config]),
    ...(log === undefined ? [] : ['--log', log]),
    ...(watch ? ['--watch'] : []),
    ...(nodes === undefined ? [] : ['--nodes', String(nodes)]),
    ...more,
  ];
}

export function upLine(what: string, nodes = 1): string {
  return `gatewayworker ${version} is up: ${what}${nodes === 1 ? '' : `, ${nodes} nodes`}`;
}

export function say(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

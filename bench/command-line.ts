import { type ParseArgsConfig, parseArgs } from 'node:util';

/** As a shell has it for a command line that cannot be used. */
const MISUSED = 2;

/** {@link parseArgs}. A command line that it cannot read ends the process, with `usage`. */
export function commandLine<Config extends ParseArgsConfig>(
  config: Config,
  usage: string,
): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config);
  } catch (error) {
    return misused(`${(error as Error).message}\n${usage}`);
  }
}

export function misused(reason: string): never {
  process.stderr.write(`${reason}\n`);
  process.exit(MISUSED);
}

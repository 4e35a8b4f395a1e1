import { type ParseArgsConfig, parseArgs } from 'node:util';

/** As a shell has it for a command line that cannot be used. */
const MISUSED = 2;

const HELP = { help: { type: 'boolean', short: 'h' } } as const;

/** {@link parseArgs}. `--help` prints `usage` and ends the process, as does a command line that cannot be read. */
export function commandLine<Config extends ParseArgsConfig>(
  config: Config,
  usage: string,
): ReturnType<typeof parseArgs<Config>> {
  try {
    const parsed = parseArgs({ ...config, options: { ...config.options, ...HELP } });
    if ((parsed.values as { readonly help?: boolean }).help === true) {
      process.stdout.write(`${usage}\n`);
      process.exit(0);
    }
    return parsed as unknown as ReturnType<typeof parseArgs<Config>>;
  } catch (error) {
    return misused(`${(error as Error).message}\n${usage}`);
  }
}

export function misused(reason: string): never {
  process.stderr.write(`${reason}\n`);
  process.exit(MISUSED);
}

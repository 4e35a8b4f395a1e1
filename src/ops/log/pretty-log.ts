import { createRequire } from 'node:module';
import type PinoPretty from 'pino-pretty';

const COMMON = { translateTime: 'SYS:HH:MM:ss.l' };

/** Fields that a line may have: those of what user code has printed. */
interface Fields {
  readonly worker?: number;
  readonly stream?: unknown;
  readonly msg?: string;
}

/** Lines of JSON as people read them on a terminal. What user code has printed stays as it is, behind where it comes from. */
export function forPeople(): (line: string) => string {
  // loaded where there are people to read it
  const { prettyFactory } = createRequire(import.meta.url)('pino-pretty') as typeof PinoPretty;
  const ordinary = prettyFactory({ ...COMMON, ignore: 'pid,hostname' });
  const printed = prettyFactory({
    ...COMMON,
    ignore: 'pid,hostname,worker,stream',
    messageFormat({ worker, msg = '' }: Fields) {
      return worker === undefined ? msg : `(worker ${worker}) ${msg}`;
    },
  });
  return (line) => {
    const fields: Fields = JSON.parse(line);
    return fields.stream === 'stdout' || fields.stream === 'stderr' ? printed(fields) : ordinary(fields);
  };
}

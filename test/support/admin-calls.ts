import { calls, isCallName } from '#src/admin/calls/calls.js';

/** Arguments that are objects, and no options. */
const OBJECTS: readonly (string | undefined)[] = ['session', 'data', 'to', 'message'];

/** A call's arguments as they are over HTTP: by name, those of its options among them. */
export function namedArguments(call: string, args: readonly unknown[]): Record<string, unknown> {
  if (!isCallName(call)) throw new Error(`${call} is no call`);
  const names = Object.keys(calls[call].args.properties);
  const entries = args.flatMap((value, index): [string, unknown][] =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && !OBJECTS.includes(names[index])
      ? Object.entries(value)
      : [[names[index], value]],
  );
  return Object.fromEntries(entries);
}

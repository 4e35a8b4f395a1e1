import { mismatch, quote } from './mismatch.js';

/** Something that a request may be given, as data, which a front end can also show. */
export type Argument = IntegerArgument | TextArgument | FlagArgument;

export interface IntegerArgument {
  readonly type: 'integer';
  readonly minimum: number;
  readonly maximum: number;
  /** What it is when it is left out. */
  readonly fallback: number;
}

/** '' when it is left out. */
export interface TextArgument {
  readonly type: 'text';
  /** Characters. */
  readonly maximum: number;
}

/** False when it is left out. */
export interface FlagArgument {
  readonly type: 'flag';
}

export type ArgumentSchema = Readonly<Record<string, Argument>>;

export type ValuesOf<Schema extends ArgumentSchema> = {
  readonly [Name in keyof Schema]: Schema[Name] extends IntegerArgument
    ? number
    : Schema[Name] extends TextArgument
      ? string
      : boolean;
};

/** @throws GW_CONTROL naming what was found and what was expected */
export function readArguments<Schema extends ArgumentSchema>(
  schema: Schema,
  fields: Readonly<Record<string, unknown>>,
): ValuesOf<Schema> {
  const values = Object.entries(schema).map(([name, argument]) => [name, read(name, argument, fields[name])]);
  return Object.fromEntries(values) as ValuesOf<Schema>;
}

function read(name: string, argument: Argument, given: unknown): number | string | boolean {
  if (argument.type === 'flag') {
    const flag = given ?? false;
    if (typeof flag === 'boolean') return flag;
    throw mismatch(`${name} is ${quote(flag)}`, 'true or false');
  }
  if (argument.type === 'text') {
    const text = given ?? '';
    if (typeof text === 'string' && text.length <= argument.maximum) return text;
    throw mismatch(`${name} is ${quote(text)}`, `a text of at most ${argument.maximum} characters`);
  }
  const { minimum, maximum, fallback } = argument;
  const number = given ?? fallback;
  if (typeof number === 'number' && Number.isInteger(number) && number >= minimum && number <= maximum) {
    return number;
  }
  throw mismatch(`${name} is ${quote(number)}`, `an integer from ${minimum} to ${maximum}`);
}

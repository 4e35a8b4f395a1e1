import type { ErrorObject } from 'ajv';
import { GatewayError } from '../base/errors.js';
import { isRecord } from './record.js';
import { nodeConfigSchema } from './schema.js';
import { expectation, keyName, schemaKeys, type SchemaNode } from './schema-node.js';
import { suggestion } from './suggestion.js';

/** One thing that is wrong with a configuration: where (`gateway.pingInterval`), and what. */
export interface Problem {
  readonly key: string;
  readonly text: string;
}

/** Keys whose value is never shown, wherever they stand. */
const HIDDEN_KEYS: ReadonlySet<string> = new Set([
  'secretKey',
  'token',
  'key',
  'cert',
  'password',
  'nkey',
  'credentials',
]);
const HIDDEN_KEY_IN_TEXT = /secret|key\b|cert\b|passw|token|credentials/i;
const URL_WITH_PASSWORD = /:\/\/[^/\s]*@/;
const LONGEST_SHOWN = 60;

/** Whether a piece of a configuration file must not be shown, since it may be a secret. */
export function mayBeSecret(text: string): boolean {
  return HIDDEN_KEY_IN_TEXT.test(text) || URL_WITH_PASSWORD.test(text);
}

/** All problems in one error, each on a line of its own. `source` is the file, or what else was read. */
export function configError(source: string, problems: readonly Problem[]): GatewayError {
  const lines = problems.map(({ key, text }) => `  ${key}: ${text}`);
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return new GatewayError('GW_CONFIG', `${source} has ${count}:\n${lines.join('\n')}`);
}

/** Puts one of ajv's errors (made with `verbose: true`) into words. */
export function schemaProblem(error: ErrorObject): Problem {
  const path = error.instancePath.split('/').slice(1).map(unescapePointer);
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(path, String(error.params.additionalProperty), error);
    case 'required': {
      const missing = String(error.params.missingProperty);
      const node = parentOf(error).properties?.[missing] ?? {};
      return { key: keyName([...path, missing]), text: `missing, expected ${expectation(node)}` };
    }
    default: {
      const node = parentOf(error);
      const expected = error.keyword === 'minLength' ? 'a string that is not empty' : expectation(node);
      const text = `found ${shown(path, error.data)}, expected ${expected}`;
      return {
        key: path.length === 0 ? 'configuration' : keyName(path),
        text: text + misspelling(error.data, node),
      };
    }
  }
}

/** The schema that refused the value. */
function parentOf(error: ErrorObject): SchemaNode {
  const schema: object = error.parentSchema ?? {};
  return schema;
}

/** A value as an error message shows it: short, and never a secret. */
function shown(path: readonly string[], value: unknown): string {
  if (HIDDEN_KEYS.has(path.at(-1) ?? '')) return 'a hidden value';
  if (typeof value === 'string' && URL_WITH_PASSWORD.test(value)) return 'a hidden value';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'string') {
    return JSON.stringify(value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN)}…` : value);
  }
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** A string under an unknown key stays hidden as well: the key may be a misspelt `secretKey`. */
function unknownKey(path: readonly string[], name: string, error: ErrorObject): Problem {
  const key = keyName([...path, name]);
  const value = isRecord(error.data) ? error.data[name] : undefined;
  const found = typeof value === 'string' ? 'a string' : shown([name], value);
  const siblings = Object.keys(parentOf(error).properties ?? {});
  const closest = suggestion(name, siblings) ?? elsewhere(name);
  const remedy =
    closest === undefined ? `expected one of the keys ${siblings.join(', ')}` : `did you mean "${closest}"?`;
  return { key, text: `unknown key (found ${found}), ${remedy}` };
}

/** The right name in the wrong place: `pingInterval` beside `gateway` instead of inside it. */
function elsewhere(name: string): string | undefined {
  for (const { path } of schemaKeys(nodeConfigSchema)) {
    if (path.at(-1) === name) return keyName(path);
  }
  return undefined;
}

function misspelling(value: unknown, node: SchemaNode): string {
  const choices = node.enum ?? node.choices;
  const closest = typeof value === 'string' && choices ? suggestion(value, choices) : undefined;
  return closest === undefined ? '' : `; did you mean "${closest}"?`;
}

function unescapePointer(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~');
}

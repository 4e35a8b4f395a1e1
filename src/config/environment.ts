import { mayBeSecret, type Problem } from './problem.js';
import { isRecord } from './record.js';
import { nodeConfigSchema } from './schema.js';
import { expectation, keyName, schemaKeys, type SchemaNode } from './schema-node.js';
import { suggestion } from './suggestion.js';

const PREFIX = 'GW_';

/** Variables that begin with `GW_` and are no configuration: what the test runner and its tests read. */
export const NON_CONFIG_VARIABLES: readonly string[] = ['GW_SEED'];

interface Variable {
  readonly path: readonly string[];
  readonly node: SchemaNode;
}

/** `GW_GATEWAY_PINGINTERVAL` → `gateway.pingInterval`, for every key outside lists; parents come first. */
const VARIABLES: ReadonlyMap<string, Variable> = new Map(
  [...schemaKeys(nodeConfigSchema)]
    .filter(({ path }) => !path.includes('[]'))
    .map(({ path, node }) => [PREFIX + path.join('_').toUpperCase(), { path, node }]),
);

/** What the environment changed. */
export interface Overrides {
  /** Key → the variable that set it, for error messages: `gateway.pingInterval` → `GW_GATEWAY_PINGINTERVAL`. */
  readonly origins: ReadonlyMap<string, string>;
  /** What is wrong with the variables themselves. */
  readonly problems: readonly Problem[];
  /** Variables that name no key: others use the prefix as well, such as Kubernetes for a service called gw. */
  readonly warnings: readonly string[];
}

/**
 * Writes the environment's overrides into `config`. Values are read by the type that the schema gives the key;
 * lists and objects are JSON. What has the wrong type is written as it is, so that validation names it.
 */
export function applyEnvironment(config: unknown, env: NodeJS.ProcessEnv): Overrides {
  const problems: Problem[] = [];
  const origins = new Map<string, string>();
  // In the schema's order and not the environment's: GW_GATEWAY is applied before what refines it.
  for (const [name, variable] of VARIABLES) {
    const text = env[name];
    if (text === undefined) continue;
    const problem = override(config, variable, text);
    if (problem === undefined) origins.set(keyName(variable.path), name);
    else problems.push({ key: name, text: problem });
  }
  return { origins, problems, warnings: unknownVariables(env) };
}

function unknownVariables(env: NodeJS.ProcessEnv): string[] {
  const known = [...VARIABLES.keys()].map((name) => name.slice(PREFIX.length));
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !VARIABLES.has(name) && !NON_CONFIG_VARIABLES.includes(name))
    .map((name) => {
      const closest = suggestion(name.slice(PREFIX.length), known);
      const remedy = closest ? `; did you mean ${PREFIX}${closest}?` : '';
      return `the environment variable ${name} names no key of the configuration and changes nothing${remedy}`;
    });
}

/** @returns what is wrong, or `undefined` */
function override(config: unknown, { path, node }: Variable, text: string): string | undefined {
  let value: unknown;
  try {
    value = typedValue(text, node);
  } catch {
    const found = mayBeSecret(text) ? 'a hidden value' : JSON.stringify(text);
    return `found ${found}, which is not JSON; expected ${expectation(node)}, as JSON, for ${keyName(path)}`;
  }
  let parent = config;
  for (const segment of path.slice(0, -1)) {
    if (!isRecord(parent)) return undefined;
    parent = parent[segment] ??= {};
    if (parent === false) return `sets ${keyName(path)}, but ${segment} is false: set one or the other`;
  }
  // Anything else that is no object is wrong in itself, and validation says so.
  if (isRecord(parent)) parent[path[path.length - 1]] = value;
  return undefined;
}

function typedValue(text: string, node: SchemaNode): unknown {
  if (node.enum || node.type === 'string') return text;
  if (node.type !== 'integer' && node.type !== 'number') return JSON.parse(text);
  // Number('') is 0, and an empty variable is more often a mistake than a zero.
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : text;
}

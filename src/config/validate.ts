import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { Ajv } from 'ajv';
import type { Static } from 'typebox';
import { isAddressRange } from './address-range.js';
import { adminProblems, avoidOwnPorts } from './admin-rules.js';
import { backboneProblems, isSeed } from './backbone-rules.js';
import { clusterProblems } from './cluster-rules.js';
import type { Overrides } from './environment.js';
import {
  isAddress,
  isAdminListen,
  isBind,
  isCell,
  isHost,
  isMode,
  isNamedRouter,
  isNamespace,
  isNatsServer,
  isRouter,
  isSubject,
  isToken,
} from './formats.js';
import { formatListenUrl, parseListenUrl } from './listen-url.js';
import { listenerProblems } from './listener-rules.js';
import { isOriginPattern } from './origin-pattern.js';
import { configError, type Problem, schemaProblem } from './problem.js';
import { type NodeConfig, nodeConfigSchema } from './schema.js';
import { workerProblems } from './worker-rules.js';

/** The schema's type while it may still be written to: between validation and freezing. */
type Draft = Static<typeof nodeConfigSchema>;

const ajv = new Ajv({
  allErrors: true, // a user repairs everything in one go
  verbose: true, // errors carry the value found and the schema that refused it
  useDefaults: true,
  allowUnionTypes: true,
  formats: {
    router: isRouter,
    host: isHost,
    bind: isBind,
    address: isAddress,
    listen: isAdminListen,
    mode: isMode,
    namespace: isNamespace,
    token: isToken,
    addresses: isAddressRange,
    origin: isOriginPattern,
    nats: isNatsServer,
    cell: isCell,
    subject: isSubject,
  },
});
ajv.addVocabulary(['unit', 'defaultText', 'choices']);
const isNodeConfig = ajv.compile<Draft>(nodeConfigSchema);

export interface ValidateOptions {
  /** What was read, for the error message. */
  readonly source: string;
  /** The folder that relative paths start from. */
  readonly directory: string;
  readonly overrides: Overrides;
}

/**
 * Checks `value`, which becomes the result: defaults filled in, paths made absolute, deep-frozen.
 *
 * @throws GatewayError GW_CONFIG listing every problem
 */
export function validateConfig(
  value: unknown,
  { source, directory, overrides }: ValidateOptions,
): NodeConfig {
  const valid = isNodeConfig(value);
  const found = [
    ...(isNodeConfig.errors ?? []).map(schemaProblem),
    ...listenerProblems(value, directory),
    ...clusterProblems(value),
    ...backboneProblems(value),
    ...workerProblems(value),
    ...adminProblems(value),
  ];
  const problems = [...overrides.problems, ...found.map((problem) => withOrigin(problem, overrides))];
  if (!valid || problems.length > 0) throw configError(source, problems);

  if (value.name === '') value.name = defaultName(value);
  if (value.stateDir !== '') value.stateDir = resolve(directory, value.stateDir);
  resolvePaths(value, directory);
  avoidOwnPorts(value);
  return deepFreeze(value);
}

function withOrigin({ key, text }: Problem, { origins }: Overrides): Problem {
  const variable = origins.get(key);
  return { key: variable === undefined ? key : `${key} (from ${variable})`, text };
}

/** Empty where the inner port is not known before it is open, or there is none: the node names itself then. */
function defaultName({ gateway }: Draft): string {
  return gateway && gateway.lanPort !== 0 ? `${hostname()}:${gateway.lanPort}` : '';
}

function resolvePaths({ gateway, worker, cluster, admin }: Draft, directory: string): void {
  if (cluster.tls) {
    cluster.tls.cert = resolve(directory, cluster.tls.cert);
    cluster.tls.key = resolve(directory, cluster.tls.key);
    cluster.tls.ca = resolve(directory, cluster.tls.ca);
  }
  if (cluster.backbone) resolveBackbone(cluster.backbone, directory);
  if (admin && admin.tls) resolveTls(admin.tls, directory);
  if (worker) worker.events = resolve(directory, worker.events);
  if (!gateway) return;
  if (!isNamedRouter(gateway.router)) gateway.router = resolve(directory, gateway.router);
  for (const listener of gateway.listen) {
    if (listener.static !== undefined) listener.static = resolve(directory, listener.static);
    if (listener.protocol !== undefined) listener.protocol = resolve(directory, listener.protocol);
    const url = parseListenUrl(listener.url);
    if (url.transport === 'unix')
      listener.url = formatListenUrl({ ...url, path: resolve(directory, url.path) });
    if (listener.tls) resolveTls(listener.tls, directory);
  }
}

function resolveBackbone(backbone: NonNullable<Draft['cluster']['backbone']>, directory: string): void {
  const { tls, nkey, credentials } = backbone;
  if (tls?.ca !== undefined) tls.ca = resolve(directory, tls.ca);
  if (tls?.cert !== undefined) tls.cert = resolve(directory, tls.cert);
  if (tls?.key !== undefined) tls.key = resolve(directory, tls.key);
  if (nkey !== undefined && !isSeed(nkey)) backbone.nkey = resolve(directory, nkey);
  if (credentials !== undefined) backbone.credentials = resolve(directory, credentials);
}

type DraftTls = NonNullable<Exclude<Draft['admin'], false>['tls']>;

function resolveTls(tls: DraftTls, directory: string): void {
  for (const pair of [tls, ...(tls.sni ?? [])]) {
    pair.cert = resolve(directory, pair.cert);
    pair.key = resolve(directory, pair.key);
  }
  if (tls.ca !== undefined) tls.ca = resolve(directory, tls.ca);
}

function deepFreeze<T extends object>(value: T): Readonly<T> {
  for (const child of Object.values(value)) {
    if (typeof child === 'object' && child !== null) deepFreeze(child);
  }
  return Object.freeze(value);
}

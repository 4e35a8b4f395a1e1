import { defaultExport } from '../base/default-export.js';
import { messageOf, sentence } from '../base/error-text.js';
import { GatewayError } from '../base/errors.js';
import { importFile } from '../bundle/module-file.js';
import { type QueryRouter, queryRouter } from '../config/formats.js';

/** A business worker, as a router sees it. */
export interface RouterWorker {
  readonly name: string;
  /** Whether it runs in the gateway's own process. */
  readonly local: boolean;
  /** Clients that are bound to it now. */
  readonly clients: number;
}

/** A client, as a router sees it: at its first event. */
export interface RouterClient {
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** The port that the client came in by. */
  readonly gatewayPort: number;
  /** The path of a websocket's handshake, as it came: `/chat`. '' for other protocols. */
  readonly path: string;
  /** The parameters of that one's query, decoded; of one that occurs twice, the last. */
  readonly query: Readonly<Partial<Record<string, string>>>;
}

/** Chooses the worker that a new client is bound to, for as long as both live. There is at least one. */
export type Router = (
  workers: readonly [RouterWorker, ...RouterWorker[]],
  client: RouterClient,
) => RouterWorker;

/** A router as the workers call it, who know that the list is not empty. */
export type Route = (workers: readonly RouterWorker[], client: RouterClient) => RouterWorker;

/** What the configuration's `router` comes to. */
export interface LoadedRouter {
  readonly route: Route;
  /** Where it finds a client's key: that one's owner comes first, and {@link route} chooses for clients without one. */
  readonly key?: QueryRouter;
  /** Whether it is a module, which may look at the handshake. */
  readonly module: boolean;
}

const builtIn: Readonly<Record<string, Route>> = {
  'local-first': (workers) => {
    const local = workers.filter((worker) => worker.local);
    return leastConnections(local.length > 0 ? local : workers);
  },
  'least-connections': leastConnections,
  random: (workers) => workers[Math.floor(Math.random() * workers.length)],
};

/**
 * The router of this name, or of this file: a module whose default export is a {@link Router}. A module's exceptions, and
 * a choice that is none of the workers, are reported and `local-first` chooses instead.
 *
 * @throws GW_PROTOCOL_MODULE when the file cannot be loaded or exports no function
 */
export async function loadRouter(
  router: string,
  onError: (error: Error) => void,
  stateDir = '',
): Promise<LoadedRouter> {
  if (Object.hasOwn(builtIn, router)) return { route: builtIn[router], module: false };
  const key = queryRouter(router);
  if (key !== undefined) return { route: builtIn['local-first'], key, module: false };
  let module: Record<string, unknown>;
  try {
    module = await importFile(router, stateDir);
  } catch (cause) {
    throw new GatewayError(
      'GW_PROTOCOL_MODULE',
      sentence(`The router module ${router} cannot be loaded: ${messageOf(cause)}`),
      { cause },
    );
  }
  const choose = defaultExport(module);
  if (typeof choose !== 'function') {
    throw new GatewayError(
      'GW_PROTOCOL_MODULE',
      `The router module ${router} has no function as its default export; expected (workers, client) => worker.`,
    );
  }
  const route: Route = (workers, client) => {
    try {
      const chosen: unknown = choose(workers, client);
      if (workers.includes(chosen as RouterWorker)) return chosen as RouterWorker;
      onError(new Error(`The router module ${router} returned none of the workers it was given.`));
    } catch (cause) {
      onError(new Error(`The router module ${router} threw: ${messageOf(cause)}`, { cause }));
    }
    return builtIn['local-first'](workers, client);
  };
  return { route, module: true };
}

function leastConnections(workers: readonly RouterWorker[]): RouterWorker {
  let least = workers[0];
  for (const worker of workers) {
    if (worker.clients < least.clients) least = worker;
  }
  return least;
}

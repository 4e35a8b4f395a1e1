import { parseListenUrl } from '../../config/listen-url.js';
import type { NodeConfig } from '../../config/schema.js';
import { claimSocket, removeSocket } from '../../net/unix-socket.js';

/*
 * The unix sockets that a group's members share. node:cluster opens them in the first process, as their listeners ask for
 * it, so whether they are free is found there, and there they are removed.
 */

/**
 * @param held by this group, as it is before a restart
 * @throws GatewayError GW_LISTEN when somebody else listens to one of them
 */
export async function claimSharedSockets(config: NodeConfig, held?: NodeConfig): Promise<void> {
  const own = held === undefined ? [] : socketsOf(held).map(({ path }) => path);
  for (const { url, path } of socketsOf(config)) {
    if (own.includes(path)) continue;
    await claimSocket({ path, holder: process.pid, address: url, key: 'gateway.listen' });
  }
}

/** Once no member listens any more. */
export async function removeSharedSockets(config: NodeConfig): Promise<void> {
  for (const { path } of socketsOf(config)) await removeSocket(path);
}

function socketsOf({ gateway }: NodeConfig): { url: string; path: string }[] {
  const listeners = gateway === false ? [] : gateway.listen;
  return listeners.flatMap(({ url }) => {
    const { transport, path } = parseListenUrl(url);
    return transport === 'unix' ? [{ url, path }] : [];
  });
}

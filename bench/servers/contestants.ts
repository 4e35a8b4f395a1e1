import { gatewayWorker } from './gatewayworker.js';
import { bareWs, socketIo } from './node-peers.js';
import { phpGatewayWorker } from './php-gatewayworker.js';
import type { Contestant } from './server.js';
import { uWebSockets } from './uwebsockets.js';

/** Peers that the machine has to have, and the environment to tell of. */
export const optionalPeers: readonly string[] = ['PHP GatewayWorker', 'uWebSockets'];

/** Us first, then the peers that are there: two from the npm registry, and those whose places the environment tells. */
export function contestants({
  UWEBSOCKETS,
  GATEWAYWORKER_PHP,
  WORKERMAN_PHP,
}: NodeJS.ProcessEnv): readonly Contestant[] {
  return [
    gatewayWorker,
    bareWs,
    socketIo,
    ...(GATEWAYWORKER_PHP ? [phpGatewayWorker(GATEWAYWORKER_PHP, WORKERMAN_PHP)] : []),
    ...(UWEBSOCKETS ? [uWebSockets(UWEBSOCKETS)] : []),
  ];
}

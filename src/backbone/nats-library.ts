import { messageOf } from '../base/error-text.js';
import { GatewayError } from '../base/errors.js';

/** The package that speaks to NATS: loaded with the first backbone, and never without one. */
export type NatsLibrary = typeof import('@nats-io/transport-node');

/** @throws GW_BACKBONE when it is not installed */
export async function loadNats(): Promise<NatsLibrary> {
  try {
    return await import('@nats-io/transport-node');
  } catch (cause) {
    const { code } = cause as { code?: unknown };
    const found =
      code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
        ? 'which is not installed'
        : `which cannot be loaded (${messageOf(cause)})`;
    throw new GatewayError(
      'GW_BACKBONE',
      `cluster.backbone needs the package @nats-io/transport-node, ${found}: run npm install @nats-io/transport-node@3`,
      { cause },
    );
  }
}

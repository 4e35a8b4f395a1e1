import { missingPackage } from '../base/missing-package.js';

/** The package that speaks to NATS: loaded with the first backbone, and never without one. */
export type NatsLibrary = typeof import('@nats-io/transport-node');

/** @throws GW_BACKBONE when it is not installed */
export async function loadNats(): Promise<NatsLibrary> {
  try {
    return await import('@nats-io/transport-node');
  } catch (cause) {
    throw missingPackage(
      'GW_BACKBONE',
      'cluster.backbone needs the package @nats-io/transport-node',
      '@nats-io/transport-node@3',
      cause,
    );
  }
}

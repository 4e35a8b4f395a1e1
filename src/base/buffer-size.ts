/** Bytes that may wait between a worker and a gateway, either way, where nothing else is configured: as in GatewayWorker. */
export const INNER_BUFFER_SIZE = 10_240_000;

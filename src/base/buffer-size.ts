/** Bytes that may wait on the way between a gateway and whoever handles its events or sends to it, unless somebody says otherwise. */
export const DEFAULT_BUFFER_SIZE = 10_240_000;

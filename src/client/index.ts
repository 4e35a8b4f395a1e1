/** What other processes import: `import { GatewayClient } from 'gatewayworker/client'`. */
export type { Message, Name } from '../api/arguments.js';
export { PartialResultError } from '../api/pending-queries.js';
export type { ExcludeOptions, SendOptions, SendToAllOptions } from '../api/send-calls.js';
export { ERROR_CODES, type ErrorCode, GatewayError } from '../base/errors.js';
export type { Session } from '../wire/session.js';
export type { GatewayClientBackbone } from './backbone-options.js';
export { GatewayClient, type GatewayClientOptions } from './gateway-client.js';

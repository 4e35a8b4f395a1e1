/** What applications import: `import { defineEvents, Gateway } from 'gatewayworker'`. */
export type { Message, Name } from './api/arguments.js';
export { Gateway, type GatewayCalls } from './api/gateway-calls.js';
export { PartialResultError } from './api/pending-queries.js';
export type { RouteOptions } from './api/identity-calls.js';
export type { ExcludeOptions, SendOptions, SendToAllOptions, ToWorkerOptions } from './api/send-calls.js';
export type { UserConfig } from './config/user-config.js';
export { ERROR_CODES, type ErrorCode, GatewayError } from './base/errors.js';
export type { ProtocolConnection, ProtocolModule } from './gateway/protocols/protocol-module.js';
export type { Router, RouterClient, RouterWorker } from './gateway/router.js';
export { type Log, type LogFunction, log } from './base/user-log.js';
export type { Session } from './wire/session.js';
export type { Handshake } from './wire/handshake.js';
export type { Client } from './worker/client.js';
export { defineEvents, type Events, type WorkerInfo, type WorkerSender } from './worker/events.js';

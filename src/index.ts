/** What applications import: `import { defineEvents, Gateway } from 'gatewayworker'`. */
export type { Message, Name } from './api/arguments.js';
export { Gateway, type GatewayCalls } from './api/gateway-calls.js';
export type { EmitOptions, EmitToAllOptions } from './api/emit-calls.js';
export type { Emits } from './api/emits.js';
export { PartialResultError } from './api/pending-queries.js';
export type { CloseOptions } from './api/close-options.js';
export type { BindOptions, RouteOptions } from './api/identity-calls.js';
export type { ExcludeOptions, SendOptions, SendToAllOptions, ToWorkerOptions } from './api/send-calls.js';
export type { UserConfig } from './config/user-config.js';
export { ERROR_CODES, type ErrorCode, GatewayError } from './base/errors.js';
export type { ProtocolConnection, ProtocolModule } from './gateway/protocols/protocol-module.js';
export type { Router, RouterClient, RouterWorker } from './gateway/router.js';
export { type Log, type LogFunction, log } from './base/user-log.js';
export {
  type Counter,
  type Gauge,
  type Histogram,
  type HistogramOptions,
  type LabelsOf,
  type MetricOptions,
  type Metrics,
  metrics,
} from './metrics/user-metrics.js';
export type { ClientEnd, EndedBy } from './wire/client-end.js';
export type { Session } from './wire/session.js';
export type { ClientCertificate, Handshake, HandshakeRequest } from './wire/handshake.js';
export type { Client } from './worker/client.js';
export { ClientRefusal } from './worker/client-refusal.js';
export type { RequestOptions } from './worker/client-requests.js';
export { Bytes, type ClientMessage, message } from './worker/message.js';
export type {
  DataOf,
  InputOf,
  StandardIssue,
  StandardResult,
  StandardSchema,
} from './worker/schema-types.js';
export { Refused } from './worker/refused.js';
export type { ResponseHeaders } from './worker/response-headers.js';
export type { RequestOrigin, RequestResult, WebRequest, WebResponse } from './worker/web-types.js';
export type { Welcome } from './worker/welcome.js';
export { defineEvents, type Events, type WorkerInfo, type WorkerSender } from './worker/events.js';

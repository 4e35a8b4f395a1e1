/** Tests of applications: `import { boot } from 'gatewayworker/testing'`. */
export { bootNode } from './boot-node.js';
export { type BootOptions, boot } from './boot.js';
export type { ManualClock } from './manual-clock.js';
export type { ConnectOptions, LogLine, Receivers, RequestOptions, TestApp } from './test-app.js';
export type { End, SocketClient, TestClient, TestMessage } from './test-client.js';
export type { SocketOptions, TestNode } from './test-node.js';

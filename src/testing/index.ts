/** Tests of applications: `import { boot } from 'gatewayworker/testing'`. */
export type { LogLine } from './app-log.js';
export type { ConnectOptions, Receivers, TestApp } from './app.js';
export { type SocketOptions, type TestNode, bootNode } from './boot-node.js';
export { type BootOptions, boot } from './boot.js';
export type { ManualClock } from './manual-clock.js';
export type { SocketClient } from './socket-client.js';
export type { TestClient } from './test-client.js';
export type { End } from './test-connection.js';
export type { TestMessage } from './test-protocol.js';

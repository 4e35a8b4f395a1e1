import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import { Server, Socket, connect } from 'node:net';
import { type TestContext, describe, test } from 'node:test';
import { QUERY_DEADLINE_MILLISECONDS } from '#src/api/pending-queries.js';
import { Gateway } from '#src/gateway/gateway.js';
import { ANSWER_TIMEOUT, CLOSE_TIMEOUT, PATIENCE } from '#src/gateway/protocols/timeouts.js';
import { udpProtocol } from '#src/gateway/protocols/udp-connection.js';
import { Compression } from '#src/gateway/protocols/ws-compression.js';
import { MAX_FRAME_LENGTH } from '#src/wire/frame.js';
import { createLogger } from '#src/base/log.js';
import { type Node, startNode } from '#src/node/node.js';
import { Pool } from '#src/pool/pool.js';
import { Command, Flag } from '#src/wire/command.js';
import { MAX_INNER_PACKAGE, emptyFrame, frameLength } from '#src/wire/frame.js';
import { loadJson } from './support/config-folder.js';
import { readDocument } from './support/documents.js';
import { FakeTransport } from './support/fake-transport.js';
import { fixture } from './support/fixtures.js';
import { GatewayScene } from './support/gateway-scene.js';
import { A, WorkerScene } from './support/worker-scene.js';

/*
 * Numbers that the documents promise and no setting changes: each is found as a user would find it where that is cheap, and
 * looked up where it is not. The document has to say it in these words, so that neither changes without the other. What
 * has a test of its own beside what it limits (Register, links, strangers, restarts, groups, threads) is not repeated here.
 */

interface Promised {
  readonly document: string;
  readonly says: string;
  readonly is: number;
  readonly found: (t: TestContext) => number | Promise<number>;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;
const CERTIFICATE = fixture('test-only-cert.pem');
const KEY = fixture('test-only-key.pem');

const PROMISES: readonly Promised[] = [
  {
    document: 'docs/compression.md',
    says: 'Messages from `threshold` bytes to 128 KiB',
    is: 128 * KIBIBYTE,
    found: longestCompressed,
  },
  {
    document: 'docs/protocols.md',
    says: 'up to 1,000 datagrams of that client wait',
    is: 1000,
    found: waitingDatagrams,
  },
  {
    document: 'docs/architecture.md',
    says: 'A client that has sent 256 messages in a row gives way to the others until the next turn',
    is: 256,
    found: inARow,
  },
  {
    document: 'docs/reload-and-crashes.md',
    says: 'If that lasts for more than 10 seconds, counted from the first who came, new clients are turned away',
    is: 10 * SECOND,
    found: unservedFor,
  },
  {
    document: 'docs/protocols.md',
    says: '`{"status":"unavailable"}` when there has been no worker for 10 s',
    is: 10 * SECOND,
    found: healthyFor,
  },
  {
    document: 'docs/architecture.md',
    says: "hold more than 256 KiB, each counted with 256 bytes beside its frame's",
    is: 256 * KIBIBYTE,
    found: async (t) => (await parking(t)).paused,
  },
  {
    document: 'docs/architecture.md',
    says: 'and to go on when half of it is left',
    is: 128 * KIBIBYTE,
    found: async (t) => (await parking(t)).resumed,
  },
  {
    document: 'docs/api.md',
    says: 'A gateway that does not answer within 5 seconds',
    is: 5 * SECOND,
    found: () => QUERY_DEADLINE_MILLISECONDS,
  },
  {
    document: 'docs/protocols.md',
    says: '| a websocket, and any client that sent what is forbidden | after 5 seconds |',
    is: 5 * SECOND,
    found: () => ANSWER_TIMEOUT,
  },
  {
    document: 'docs/protocols.md',
    says: 'A client has 5 seconds to take the rest and to close its side',
    is: 5 * SECOND,
    found: () => CLOSE_TIMEOUT,
  },
  {
    document: 'docs/protocols.md',
    says: 'after 2 seconds; a websocket after 0.2',
    is: 2 * SECOND,
    found: () => PATIENCE.half,
  },
  {
    document: 'docs/protocols.md',
    says: 'after 2 seconds; a websocket after 0.2',
    is: 0.2 * SECOND,
    found: () => PATIENCE.whole,
  },
  {
    document: 'docs/protocols.md',
    says: '| Headers that are not there after 10 seconds | 408, and the connection is closed |',
    is: 10 * SECOND,
    found: async (t) => (await webServer(t)).headersTimeout,
  },
  {
    document: 'docs/protocols.md',
    says: 'A request has 10 seconds for its headers and 20 seconds in all.',
    is: 20 * SECOND,
    found: async (t) => (await webServer(t)).requestTimeout,
  },
  {
    document: 'docs/protocols.md',
    says: 'An answer of which the client takes nothing for 5 minutes is broken off.',
    is: 5 * MINUTE,
    found: async (t) => Math.max(...(await patience(t, 'ws', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'))),
  },
  {
    document: 'docs/protocols.md',
    says: 'a TLS handshake, and the request of a websocket or of plain HTTP, may take 10 seconds',
    is: 10 * SECOND,
    found: async (t) => (await patience(t, 'wss', ''))[0],
  },
  {
    document: 'docs/architecture.md',
    says: 'A frame has up to 256 MiB from our nodes',
    is: 256 * MEBIBYTE,
    found: () => MAX_FRAME_LENGTH,
  },
  {
    document: 'docs/architecture.md',
    says: 'otherwise what GatewayWorker takes (10 MiB',
    is: 10 * MEBIBYTE,
    found: () => MAX_INNER_PACKAGE,
  },
  {
    document: 'docs/architecture.md',
    says: 'the workers start when the gateways that are named are linked, or after 2 seconds',
    is: 2 * SECOND,
    found: joining,
  },
  {
    document: 'docs/reload-and-crashes.md',
    says: '(2 by default), and 5 minutes with `reload -g`',
    is: 5 * MINUTE,
    found: gracefulReload,
  },
  {
    document: 'docs/reload-and-crashes.md',
    says: 'All of it together has `worker.stopTimeout` seconds, and 5 minutes with `stop -g`',
    is: 5 * MINUTE,
    found: gracefulStop,
  },
];

describe('what the documents promise', () => {
  for (const { document, says, is, found } of PROMISES) {
    test(`${document}: ${says}`, { timeout: 30_000 }, async (t) => {
      assert.ok(readDocument(document).includes(says), `${document} does not say so any more`);
      assert.equal(await found(t), is);
    });
  }
});

/** How many events of a udp client wait while there is no worker: its datagrams, and that it has come. */
function longestCompressed(): number {
  const { protocol } = new Compression(true).agree('permessage-deflate') ?? {};
  assert.ok(protocol);
  const transport = new FakeTransport(protocol);
  const COMPRESSED_TEXT = 0xc1;
  let [shorter, longer] = [KIBIBYTE, MEBIBYTE];
  while (longer - shorter > 1) {
    const length = (shorter + longer) >> 1;
    if (protocol.encode(Buffer.alloc(length), false, transport)[0] === COMPRESSED_TEXT) shorter = length;
    else longer = length;
  }
  return shorter;
}

async function waitingDatagrams(t: TestContext): Promise<number> {
  const scene = await GatewayScene.create(t);
  const { transport } = scene.join(new FakeTransport(udpProtocol));
  let sent = 1;
  for (; scene.gateway.counters.datagramsDropped === 0; sent++) scene.say(transport, 'x');
  return sent - 1;
}

/** Messages of one client that are handed on in one turn of the event loop. */
async function inARow(t: TestContext): Promise<number> {
  const scene = await GatewayScene.create(t);
  scene.addWorker();
  const { transport } = scene.join();
  // its coming is an event as well: another's ends the row
  scene.join();
  let sent = 0;
  for (; !transport.paused; sent++) scene.say(transport, 'x');
  return sent;
}

/** Milliseconds for which new clients are let in without any worker. */
async function unservedFor(t: TestContext): Promise<number> {
  const scene = await GatewayScene.create(t);
  scene.join();
  return lasts(scene, () => scene.gateway.clients.admits() === 'welcome');
}

async function healthyFor(t: TestContext): Promise<number> {
  const scene = await GatewayScene.create(t);
  scene.join();
  return lasts(scene, () => scene.gateway.clients.health === 'ok');
}

/** How long something is so, to the millisecond. */
function lasts({ clock }: GatewayScene, isSo: () => boolean): number {
  while (isSo()) clock.advance(1);
  return clock.now() - 1;
}

/** Whatever was under way has its effects. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => void setImmediate(resolve));
}

/** The most bytes of one client's events behind its pending handler with which it is not paused yet, and with which it still is. */
async function parking(t: TestContext): Promise<{ paused: number; resumed: number }> {
  const held: Array<() => void> = [];
  const onMessage = async (): Promise<void> => await new Promise((resolve) => void held.push(resolve));
  const scene = new WorkerScene(t, { onMessage });
  // with the header's 28 bytes, and what is counted beside: 1 KiB each
  const body = 'x'.repeat(KIBIBYTE - 256 - frameLength({ ...emptyFrame(), command: Command.ON_MESSAGE }));
  const send = (): void => scene.send(A, body, '', Flag.PLAIN_BODY);
  const said = (command: number): boolean => scene.commands.some((line) => line.startsWith(`${command} `));
  send();
  while (held.length === 0) await settle();
  let waiting = 0;
  for (; !said(Command.PAUSE_CLIENT); waiting++) {
    send();
    await settle();
  }
  const paused = (waiting - 1) * KIBIBYTE;
  for (; !said(Command.RESUME_CLIENT); waiting--) {
    held.shift()?.();
    await settle();
  }
  return { paused, resumed: (waiting + 1) * KIBIBYTE };
}

/** The server of a websocket port. */
async function webServer(t: TestContext): Promise<HttpServer> {
  const { mock } = t.mock.method(Server.prototype, 'listen');
  await GatewayScene.create(t, { listen: [{ url: 'ws://127.0.0.1:0' }] });
  return mock.calls[0].this as HttpServer;
}

/** The times, in milliseconds, that a websocket port gives a connection on which this comes, and then nothing. */
async function patience(t: TestContext, scheme: 'ws' | 'wss', request: string): Promise<number[]> {
  const secure = scheme === 'wss' ? { tls: { cert: CERTIFICATE, key: KEY } } : {};
  const scene = await GatewayScene.create(t, { listen: [{ url: `${scheme}://127.0.0.1:0`, ...secure }] });
  return await timesGiven(t, Number(new URL(scene.gateway.listeners[0]).port), request);
}

async function timesGiven(t: TestContext, port: number, request: string): Promise<number[]> {
  const { mock } = t.mock.method(Socket.prototype, 'setTimeout');
  const given = (): number[] =>
    mock.calls
      .map(({ arguments: [milliseconds] }) => milliseconds)
      .filter((milliseconds) => milliseconds > 0);
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  t.after(() => socket.destroy());
  socket.write(request);
  if (request !== '') await once(socket, 'data');
  while (given().length === 0) await settle();
  return given();
}

async function gracefulReload(t: TestContext): Promise<number> {
  const node = await start(t);
  const { mock } = t.mock.method(Pool.prototype, 'reload', async () => {});
  await node.reload(true);
  return Number(mock.calls[0].arguments[0]);
}

async function gracefulStop(t: TestContext): Promise<number> {
  const node = await start(t);
  const { mock } = t.mock.method(Gateway.prototype, 'close');
  await node.stop(true);
  return mock.calls[0].arguments[0];
}

/** Milliseconds that a starting node waits for the gateways of others. */
async function joining(t: TestContext): Promise<number> {
  const { mock } = t.mock.method(Pool.prototype, 'connected');
  await start(t, { listen: '127.0.0.1:0' });
  return mock.calls[0].arguments[0];
}

async function start(t: TestContext, register: false | { listen: string } = false): Promise<Node> {
  const { config } = await loadJson(t, {
    gateway: { listen: [{ url: 'text://127.0.0.1:0' }], lanPort: 0 },
    worker: { count: 1, events: fixture('events/echo') },
    register,
    cluster: { secretKey: 'key' },
  });
  const log = createLogger({ level: 'silent', destination: process.stderr });
  const node = await startNode(config, { version: '0.0.0', log, writeLine() {} });
  t.after(() => node.stop(false));
  return node;
}

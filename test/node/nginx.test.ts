import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import type { UserConfig } from '#src/config/user-config.js';
import { configFolder } from '../support/config-folder.js';
import { type Sample, samplesIn } from '../support/documents.js';
import { fixture } from '../support/fixtures.js';
import { freePort } from '../support/free-port.js';
import { Nginx } from '../support/nginx.js';
import { NodeProcess } from '../support/node.js';
import { WsClient } from '../support/ws-client.js';

/** Where clients are, as nginx sees them. */
const HERE = '127.0.0.7';
const ELSEWHERE = '127.0.0.8';

/** Says who somebody is. */
const EVENTS = `
import { defineEvents } from 'gatewayworker';
export default defineEvents({
  onWebSocketConnect(client, { remoteAddress }) { client.session.seen = remoteAddress; },
  onMessage(client) {
    client.send([client.remoteAddress, client.remotePort, client.session.seen ?? ''].join(' '));
  },
});
`;

/** The samples of docs/behind-a-proxy.md in this language, in their order. */
function samples(language: string): [Sample, Sample] {
  const found = samplesIn(language).filter(({ document }) => document === 'docs/behind-a-proxy.md');
  assert.equal(found.length, 2);
  return found as [Sample, Sample];
}

/** A sample with the test's own files and addresses in place of those that it has. */
function adapted({ code }: Sample, ports: ReadonlyMap<number, number>): string {
  return code
    .replaceAll('/etc/ssl/chat.pem', fixture('test-only-cert.pem'))
    .replaceAll('/etc/ssl/chat.key', fixture('test-only-key.pem'))
    .replaceAll(/\/\/ .*$/gm, '')
    .replaceAll(
      /(127\.0\.0\.1:)(\d+)/g,
      (_, host: string, port: string) => `${host}${ports.get(Number(port)) ?? 0}`,
    )
    .replaceAll(
      /(listen +)(\d+)/g,
      (_, word: string, port: string) => `${word}127.0.0.1:${ports.get(Number(port))}`,
    );
}

/** What a line client on a socket, or on TLS, is told. */
async function answerTo(port: number, secure: boolean): Promise<string> {
  const tcp = connect({ port, host: '127.0.0.1', localAddress: HERE });
  await once(tcp, 'connect');
  const socket = secure ? connectTls({ socket: tcp, rejectUnauthorized: false }) : tcp;
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  socket.write('who am I\n');
  const { value } = await lines.next();
  const { localPort } = tcp;
  socket.destroy();
  return value === `${HERE} ${localPort} ` ? 'yourself' : String(value);
}

type Gateway = Exclude<UserConfig['gateway'], false | undefined>;

describe('behind nginx, as docs/behind-a-proxy.md sets it up', { timeout: 30_000 }, () => {
  it('clients have their own addresses: websockets, with TLS in nginx and in the node, and streams', async (t) => {
    const [http, stream] = samples('jsonc').map(
      (sample) => (JSON.parse(adapted(sample, new Map())) as { gateway: Gateway }).gateway,
    );
    const listen = [...(http.listen ?? []), ...(stream.listen ?? [])];
    const node = await NodeProcess.start({
      events: await configFolder(t, { 'index.ts': EVENTS }),
      gateway: { ...http, listen: listen.map((listener) => ({ ...listener, maxConnectionsPerAddress: 1 })) },
      worker: { count: 1 },
    });
    t.after(() => node.stop());
    const ports = new Map<number, number>();
    for (const [port, scheme] of [
      [8282, 'ws'],
      [8284, 'wss'],
      [8285, 'text'],
    ] as const) {
      ports.set(port, Number(new URL(node.url(scheme)).port));
    }
    for (const port of [80, 443, 8443, 8444]) ports.set(port, await freePort());
    const [inHttp, beside] = samples('nginx').map((sample) => adapted(sample, ports));
    const nginx = await Nginx.start({ http: inHttp, main: beside });
    t.after(() => nginx.stop());

    const options = { localAddress: HERE, rejectUnauthorized: false };
    for (const [url, hasPort] of [
      [`ws://127.0.0.1:${ports.get(80)}`, false],
      [`wss://127.0.0.1:${ports.get(443)}`, false],
      [`wss://127.0.0.1:${ports.get(8443)}`, true],
    ] as const) {
      const client = await WsClient.connect(url, options);
      client.send('who am I');
      assert.equal(await client.next(), `${HERE} ${hasPort ? client.localPort : 0} ${HERE}`, url);
      // a limit of an address is its own, and not the proxy's
      await assert.rejects(WsClient.connect(url, options), /429/, url);
      const other = await WsClient.connect(url, { ...options, localAddress: ELSEWHERE });
      other.send('who am I');
      assert.match(String(await other.next()), new RegExp(`^${ELSEWHERE} `), url);
      for (const { socket, closed } of [client, other]) {
        socket.close();
        await closed;
      }
      await node.until('that they are gone', ({ connections }) => connections === 0);
    }
    assert.equal(await answerTo(Number(ports.get(8444)), true), 'yourself');
    // nobody comes in without nginx
    await assert.rejects(WsClient.connect(node.url('wss'), options));
    await node.until('what was refused', ({ counters: { refusals } }) => refusals['proxy malformed'] === 1);
    assert.equal((await node.status()).counters.refusals['connections per address'], 3);
    const { remoteAddress } = await node.logged('maxConnectionsPerAddress');
    assert.equal(remoteAddress, HERE);
  });
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, stat } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { fixture } from '../support/fixtures.js';
import { App, LIMIT, NODES, TextClient } from './app.js';

const CONFIG = {
  gateway: {
    listen: [
      { url: 'text://127.0.0.1:0', tls: { cert: 'cert.pem', key: 'cert.key' } },
      { url: 'ws+unix:run/web.sock' },
      { url: 'text+unix:./run/chat.sock', mode: '600' },
    ],
    lanPort: 0,
  },
  worker: { count: 1 },
  register: { listen: '127.0.0.1:0' },
};

/** Greets each client with its address, and answers with this word. */
function answering(word: string): string {
  return `import { defineEvents } from 'gatewayworker';
export default defineEvents({
  onConnect: (client) => client.send(client.remoteAddress + ' ' + client.gatewayPort),
  onMessage: (client) => client.send('${word}'),
});
`;
}

describe('TLS and unix sockets', { timeout: 10 * LIMIT, skip: process.platform === 'win32' }, () => {
  let app: App;
  let clients: TextClient[];

  beforeEach(async () => {
    app = await App.create();
    clients = [];
    await app.write('run/.gitkeep', '');
    await app.write('gatewayworker.config.json', JSON.stringify(CONFIG));
    await app.write('events/index.ts', answering('one'));
    await put('chat');
  });
  afterEach(async () => {
    for (const client of clients) client.close();
    await app.close();
  });

  /** Puts a certificate where the configuration has it. */
  async function put(cert: string, key = cert): Promise<void> {
    await copyFile(fixture(`tls/${cert}.pem`), join(app.folder, 'cert.pem'));
    await copyFile(fixture(`tls/${key}.key`), join(app.folder, 'cert.key'));
  }

  async function dialTls(url: string): Promise<{ client: TextClient; name: string }> {
    const socket: TLSSocket = connectTls(Number(new URL(url).port), '127.0.0.1', {
      rejectUnauthorized: false,
    });
    const client = new TextClient(socket);
    clients.push(client);
    await once(socket, 'secureConnect');
    assert.equal(await client.next(), `127.0.0.1 ${new URL(url).port}`);
    return { client, name: String(socket.getPeerCertificate().subject.CN) };
  }

  function dialUnix(): TextClient {
    const client = new TextClient(connect(join(app.folder, 'run/chat.sock')));
    clients.push(client);
    return client;
  }

  it('are reloaded, shown, and left behind by nobody', async () => {
    const node = await app.start();
    const [url, web, chat] = node.listeners;
    assert.deepEqual(
      [web, chat],
      [`ws+unix:${app.folder}/run/web.sock`, `text+unix:${app.folder}/run/chat.sock`],
    );
    const { client, name } = await dialTls(url);
    assert.equal(name, 'chat');
    assert.equal(await dialUnix().next(), 'unix: 0');
    assert.equal((await stat(join(app.folder, 'run/chat.sock'))).mode & 0o777, 0o600);

    const [response] = (await once(
      get({ socketPath: join(app.folder, 'run/web.sock'), path: '/healthz', agent: false }),
      'response',
    )) as [IncomingMessage];
    assert.equal(response.statusCode, 200);
    response.resume();

    const shown = await app.peek();
    assert.deepEqual(
      shown?.listeners.map(({ connections, certificate }) => [connections, certificate?.validTo.slice(0, 2)]),
      [
        [1, '21'],
        [0, undefined],
        [1, undefined],
      ],
    );

    // a bad certificate keeps the code back, and bad code keeps a good certificate back
    await app.write('events/index.ts', answering('two'));
    await put('chat-renewed', 'chat');
    const mismatch = await app.run('reload');
    assert.equal(mismatch.status, 1);
    assert.match(
      mismatch.error,
      /cert\.key \(tls\.key of text:\S+\) is not the key of the certificate in \S+cert\.pem, [^]*The certificates that are in use stay\./,
    );
    await node.logs(/^not reloaded, the old code goes on: \S+cert\.key \(tls\.key of text:/);
    assert.equal(await client.ask('?'), 'one');
    await put('chat-renewed');
    await app.write('events/index.ts', 'const oops = ;');
    node.process.kill('SIGUSR2');
    await node.logs(/^not reloaded, the old code goes on: [^]*index\.ts/);
    assert.equal((await dialTls(url)).name, 'chat');

    await app.write('events/index.ts', answering('two'));
    node.process.kill('SIGUSR2');
    await node.logs(/^reloaded$/);
    assert.equal((await dialTls(url)).name, 'chat-renewed');
    assert.equal(await client.ask('?'), 'two');

    // who has died leaves its sockets, and the next takes them over
    node.process.kill('SIGKILL');
    await node.ended();
    assert.ok(existsSync(join(app.folder, 'run/chat.sock')));
    const next = await app.start();
    assert.equal(await dialUnix().next(), 'unix: 0');
    next.process.kill('SIGTERM');
    await next.ended();
    for (const socket of ['chat', 'web']) assert.ok(!existsSync(join(app.folder, `run/${socket}.sock`)));
  });

  it('are shared by nodes, and reloaded by all of them', async () => {
    const node = await app.start('--nodes', String(NODES));
    const [url] = node.listeners;
    for (let times = 0; times < NODES; times++) {
      assert.equal((await dialTls(url)).name, 'chat');
      assert.equal(await dialUnix().next(), 'unix: 0');
    }
    const { members = [], listeners = [] } = (await app.peek()) ?? {};
    assert.deepEqual(
      members.map(({ connections }) => connections),
      [2, 2],
    );
    assert.deepEqual(
      listeners.map(({ connections }) => connections),
      [NODES, 0, NODES],
    );
    assert.ok(listeners[0].certificate);

    await app.write(
      'other/gatewayworker.config.json',
      JSON.stringify({
        ...CONFIG,
        gateway: { lanPort: 0, listen: [{ url: `text+unix:${app.folder}/run/chat.sock` }] },
        worker: false,
      }),
    );
    const second = await app.run('start', '-c', 'other/gatewayworker.config.json');
    assert.equal(second.status, 1);
    assert.match(second.error, /Cannot listen on text\+unix:.* \(pid \d+\) listens there\./);

    await put('chat-renewed');
    node.process.kill('SIGUSR2');
    await node.logs(/^reloaded$/);
    for (let times = 0; times < NODES; times++) assert.equal((await dialTls(url)).name, 'chat-renewed');

    // one that has died finds the socket that the others have kept
    const [{ pid: first }] = members;
    process.kill(Number(first), 'SIGKILL');
    await app.until((status) => status.members?.every(({ state, pid }) => state === 'up' && pid !== first));
    for (let times = 0; times < NODES; times++) assert.equal(await dialUnix().next(), 'unix: 0');

    node.process.kill('SIGTERM');
    await node.ended();
    for (const socket of ['chat', 'web']) assert.ok(!existsSync(join(app.folder, `run/${socket}.sock`)));
  });
});

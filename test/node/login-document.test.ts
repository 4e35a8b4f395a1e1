import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { transformSync } from 'esbuild';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { WebSocket } from 'ws';
import type { UserConfig } from '#src/config/user-config.js';
import { type TestNode, bootNode } from '#src/testing/index.js';
import { samplesIn } from '../support/documents.js';
import { PackageProject } from '../support/package-project.js';
import { TextClient } from '../support/text-client.js';

const SECRET = 'a secret of thirty-two characters';
const javascript = (code: string): string => transformSync(code, { loader: 'ts', target: 'node20' }).code;

/** A token of the login server's for ann. */
async function signed(
  claims: object,
  key: Parameters<SignJWT['sign']>[0],
  header: { alg: string; kid?: string },
): Promise<string> {
  const token = new SignJWT({ ...claims }).setProtectedHeader(header).setSubject('ann');
  return await token
    .setIssuer('https://login.example.com/')
    .setAudience('chat')
    .setExpirationTime('1 minute')
    .sign(key);
}

/** The samples of docs/login.md, as the applications of a project that has this package installed. */
describe('docs/login.md', { timeout: 60_000 }, () => {
  const own = samplesIn('ts', 'js').filter(({ document }) => document === 'docs/login.md');
  const [tokens, page, shared, remote, messages, inTest] = own.map(({ code }) => code);
  let project: PackageProject;

  before(() => {
    project = new PackageProject();
    project.linkPackage();
    project.link('jose');
    project.write('package.json', JSON.stringify({ type: 'module' }));
  });
  after(() => project.remove());

  /** An application of the page. */
  async function start(
    name: string,
    code: string,
    listen: object[] = [{ url: 'ws://127.0.0.1:0' }],
  ): Promise<TestNode> {
    project.write(`${name}/index.ts`, code);
    const gateway = { listen } as UserConfig['gateway'];
    const worker = { count: 1, events: `${project.folder}/${name}` };
    return await bootNode({ config: { gateway, worker } });
  }

  it('has samples, which this test runs', () => assert.equal(own.length, 6));

  it('lets in by a table of tokens, and the page’s script connects', async () => {
    const node = await start('tokens', tokens);
    try {
      await assert.rejects(node.connect(), { name: 'Refused', status: 401, message: 'Wrong token' });
      const url = node.urls[0];
      const heard = new Promise((resolve) => {
        // oxlint-disable-next-line typescript/no-implied-eval -- the sample, as a page would run it
        const run = new Function(
          'WebSocket',
          'token',
          'console',
          page.replace('wss://chat.example.com', url),
        );
        run(WebSocket, 't0p-s3cret', { log: resolve });
      });
      assert.equal(await heard, 'Hello Ann, you are 7');
    } finally {
      await node.close();
    }
  });

  it('checks tokens with a shared secret', async () => {
    process.env.JWT_SECRET = SECRET;
    const node = await start('shared', shared);
    try {
      const key = new TextEncoder().encode(SECRET);
      const good = await signed({ name: 'Ann' }, key, { alg: 'HS256' });
      const client = await node.connect({ headers: { cookie: `token=${good}` } });
      client.send('hello');
      assert.equal(await client.next(), 'ann: hello');
      const forged = await signed({ name: 'Ann' }, new TextEncoder().encode(SECRET.toUpperCase()), {
        alg: 'HS256',
      });
      const endless = await new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).setSubject('ann').sign(key);
      for (const wrong of [forged, endless, `${good}x`, 'no token', '']) {
        const path = `/?token=${encodeURIComponent(wrong)}`;
        await assert.rejects(node.connect({ path }), { status: 401, message: 'Wrong token' });
      }
      await assert.rejects(node.connect(), { status: 401, message: 'No token' });
      assert.deepEqual(
        node.log.filter(({ level }) => level > 40),
        [],
      );
    } finally {
      await node.close();
      delete process.env.JWT_SECRET;
    }
  });

  it('checks tokens with the keys of a login server', async (t) => {
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const stranger = await generateKeyPair('RS256');
    const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256' }] };
    const server: Server = createServer((_, response) => response.end(JSON.stringify(keys))).listen(
      0,
      '127.0.0.1',
    );
    t.after(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const code = remote.replace('https://login.example.com/.well-known', `http://127.0.0.1:${port}`);
    const node = await start('remote', code);
    try {
      const good = await signed({}, privateKey, { alg: 'RS256', kid: 'one' });
      const client = await node.connect({ headers: { authorization: `Bearer ${good}` } });
      client.send('hello');
      assert.equal(await client.next(), 'ann: hello');
      const forged = await signed({}, stranger.privateKey, { alg: 'RS256', kid: 'one' });
      await assert.rejects(node.connect({ path: `/?token=${forged}` }), { status: 401 });
    } finally {
      await node.close();
    }
  });

  it('has a login by message, for those without a handshake', async () => {
    const node = await start('messages', messages, [{ url: 'text://127.0.0.1:0', authTimeout: 600 }]);
    try {
      const client = await TextClient.connect(node.urls[0]);
      client.send('t0p-s3cret');
      assert.equal(await client.next(), 'Hello Ann');
      client.send('hello');
      assert.equal(await client.next(), 'Ann: hello');
      const stranger = await TextClient.connect(node.urls[0]);
      stranger.send('what?');
      assert.equal(await stranger.next(), 'Wrong token');
      await stranger.closed;
    } finally {
      await node.close();
    }
  });

  it('has a test that passes as it stands', () => {
    project.write('events/index.js', javascript(tokens));
    project.write('login.test.js', javascript(inTest));
    project.run('node', ['--test', 'login.test.js']);
  });
});

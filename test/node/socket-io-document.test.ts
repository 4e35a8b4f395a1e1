import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { bootNode } from '#src/testing/index.js';
import { samplesIn } from '../support/documents.js';
import { PackageProject } from '../support/package-project.js';
import { connectSocketIo, nextEvent } from '../support/socket-io-client.js';

/** The samples of docs/socket-io.md, with the official client. */
describe('docs/socket-io.md', { timeout: 60_000 }, () => {
  const own = samplesIn('ts').filter(({ document }) => document === 'docs/socket-io.md');
  const [chat, namespaces] = own.map(({ code }) => code);
  let project: PackageProject;

  before(() => {
    project = new PackageProject();
    project.linkPackage();
    project.link('typebox');
    project.write('package.json', JSON.stringify({ type: 'module' }));
  });
  after(() => project.remove());

  async function start(t: TestContext, name: string, code: string): Promise<string> {
    project.write(`${name}/index.ts`, code);
    const node = await bootNode({
      config: {
        gateway: { listen: [{ url: 'ws://127.0.0.1:0', socketIo: { namespaces: ['/', '/admin'] } }] },
        worker: { count: 1, events: `${project.folder}/${name}` },
      },
    });
    t.after(async () => await node.close());
    return node.urls[0];
  }

  it('has samples, which this test runs', () => assert.equal(own.length, 2));

  it('chats', async (t) => {
    const url = await start(t, 'chat', chat);
    await assert.rejects(connectSocketIo(url), { message: 'Say who you are', data: { status: 401 } });
    const socket = await connectSocketIo(url, { auth: { name: 'ann' } });
    t.after(() => socket.disconnect());
    assert.deepEqual(await socket.emitWithAck('join', { room: 'tea' }), { room: 'tea' });
    const said = nextEvent(socket, 'said');
    socket.emit('say', { text: 'hello' });
    assert.deepEqual(await said, [{ from: 'ann', text: 'hello' }]);
  });

  it('sends to those of a namespace', async (t) => {
    const url = await start(t, 'namespaces', namespaces);
    const [main, admin] = [await connectSocketIo(url), await connectSocketIo(`${url}/admin`)];
    t.after(() => [main, admin].forEach((socket) => socket.disconnect()));
    const alarm = nextEvent(admin, 'alarm');
    main.emit('alarm', { text: 'fire' });
    assert.deepEqual(await alarm, [{ text: 'fire' }]);
  });
});

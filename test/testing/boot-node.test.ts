import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { bootNode } from '#src/testing/index.js';
import { configFolder } from '../support/config-folder.js';

const source = (word: string): string =>
  `import { defineEvents, log } from 'gatewayworker';
  import { threadId } from 'node:worker_threads';
  export default defineEvents({
    onWebSocketConnect(client, { url }) { client.send(url + ' ' + (threadId > 0)); },
    onMessage(client, message) { log.info('asked'); client.send('${word} ' + message); },
  });`;

describe('a real node', () => {
  it('has sockets, threads, reloads, and a log', async (t) => {
    const folder = await configFolder(t, { 'events/index.ts': source('old') });
    const node = await bootNode({ config: { worker: { count: 1, events: join(folder, 'events') } } });
    t.after(async () => await node.close());
    assert.match(node.urls[0], /^ws:\/\/127\.0\.0\.1:\d+$/);
    const client = await node.connect({ path: '/chat?room=1' });
    assert.equal(await client.next(), '/chat?room=1 true');
    client.send('a');
    assert.equal(await client.next(), 'old a');
    await writeFile(join(folder, 'events/index.ts'), source('new'));
    await node.reload();
    client.send('b');
    assert.equal(await client.next(), 'new b');
    assert.ok(node.log.some(({ msg }) => msg === 'asked'));
    assert.deepEqual(await client.close(), { code: 1000, reason: '' });
  });

  it('refuses a configuration that is wrong, and connects only to websockets', async (t) => {
    await assert.rejects(bootNode({ config: { gateway: { pingIntervall: 3 } as never } }), {
      code: 'GW_CONFIG',
      message: /pingIntervall/,
    });
    const folder = await configFolder(t, { 'events/index.ts': source('old') });
    const node = await bootNode({
      config: {
        gateway: { listen: [{ url: 'text://127.0.0.1:0' }] },
        worker: { count: 1, events: join(folder, 'events') },
      },
    });
    t.after(async () => await node.close());
    await assert.rejects(node.connect(), { code: 'GW_ARGUMENT', message: /text:\/\/127/ });
  });
});

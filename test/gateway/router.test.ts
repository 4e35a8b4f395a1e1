import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { ClientRecord } from '#src/gateway/client-record.js';
import { type RouterWorker, loadRouter } from '#src/gateway/router.js';
import { WorkerPeer } from '#src/gateway/worker-peer.js';
import { Workers } from '#src/gateway/workers.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { configFolder } from '../support/config-folder.js';
import { FakeTransport } from '../support/fake-transport.js';
import { memoryLinkPair } from '../support/memory-link.js';

const CLIENT = { remoteAddress: '10.0.0.1', remotePort: 1, gatewayPort: 8282, path: '', query: {} };

function worker(name: string, clients: number, local = true): RouterWorker {
  return { name, clients, local };
}

async function choose(router: string, workers: RouterWorker[]): Promise<string> {
  const { route } = await loadRouter(router, (error) => assert.fail(error));
  return route(workers, CLIENT).name;
}

async function moduleFile(t: TestContext, text: string): Promise<string> {
  return join(await configFolder(t, { 'router.mjs': text }), 'router.mjs');
}

describe('routers', () => {
  it('least-connections: the worker with the fewest clients, the first of equals', async () => {
    assert.equal(await choose('least-connections', [worker('a', 2), worker('b', 1), worker('c', 1)]), 'b');
  });

  it('local-first: the least busy of this node’s own, and of the others when there is none', async () => {
    const far = [worker('far', 0, false), worker('farther', 3, false)];
    assert.equal(await choose('local-first', [...far, worker('a', 9), worker('b', 8)]), 'b');
    assert.equal(await choose('local-first', far), 'far');
  });

  it('random: every worker gets some', async () => {
    const workers = ['a', 'b', 'c'].map((name) => worker(name, 0));
    const { route } = await loadRouter('random', (error) => assert.fail(error));
    const chosen = new Set(Array.from({ length: 1000 }, () => route(workers, CLIENT).name));
    assert.equal(chosen.size, 3);
  });

  it('a module of one’s own decides, and is told workers and client', async (t) => {
    const file = await moduleFile(
      t,
      'export default (workers, client) => workers.find(({ name }) => name === `port ${client.gatewayPort}`);',
    );
    assert.equal(await choose(file, [worker('a', 0), worker('port 8282', 9)]), 'port 8282');
  });

  it('a module sees where a client wants to go, also when the client is bound anew; others cost no look at that', async (t) => {
    const file = await moduleFile(
      t,
      'export default (workers, { path, query }) => workers.find(({ name }) => name === `${path} ${query.room}`) ?? workers[0];',
    );
    const workers = new Workers(new ManualClock());
    workers.router = await loadRouter(file, (error) => assert.fail(error));
    const peers = ['a', '/chat red b', '/chat red b'].map(
      (name) => new WorkerPeer(memoryLinkPair(1)[0], { name, local: true }),
    );
    for (const peer of peers) workers.add(peer);
    const client = new ClientRecord(1, new FakeTransport(), 1);
    workers.introduce(client, '/chat?room=blue&room=red%20b');
    assert.equal(workers.peerOf(client), peers[1]);
    peers[1].link.destroy();
    workers.remove(peers[1]);
    assert.equal(workers.peerOf(client), peers[2]);
    assert.equal(workers.peerOf(new ClientRecord(2, new FakeTransport(), 1)), peers[0]);
  });

  for (const [url, key] of [
    ['/chat?room=red', 'red'],
    ['/?a=1&room=blue&room=red%20b', 'red b'],
    ['/?room=0', '0'],
    ['/?room=', undefined],
    ['/?rooms=red', undefined],
    ['/room=red', undefined],
    ['/', undefined],
  ] as const) {
    it(`query:room: the key of ${url} is ${key ?? 'none, and local-first chooses'}`, async () => {
      const workers = new Workers(new ManualClock());
      workers.router = await loadRouter('query:room@cluster', (error) => assert.fail(error));
      const peers = Array.from(
        { length: 5 },
        (_, n) => new WorkerPeer(memoryLinkPair(1)[0], { name: `n:${n}`, local: n === 2 }),
      );
      for (const peer of peers) workers.add(peer);
      for (const peer of peers) workers.noteServed(peer);
      const client = new ClientRecord(1, new FakeTransport(), 1);
      workers.introduce(client, url);
      const expected = key === undefined ? peers[2] : workers.ownerOf(key, 'cluster');
      assert.equal(workers.peerOf(client), expected);
    });
  }

  for (const [what, text, report] of [
    ['throws', "export default () => { throw new Error('no idea'); };", /threw: no idea/],
    ['chooses nobody', 'export default () => undefined;', /returned none of the workers/],
    ['chooses a stranger', "export default () => ({ name: 'a' });", /returned none of the workers/],
  ] as const) {
    it(`a module that ${what} is reported, and local-first chooses`, async (t) => {
      const reports: string[] = [];
      const { route } = await loadRouter(await moduleFile(t, text), ({ message }) => reports.push(message));
      assert.equal(route([worker('a', 2), worker('b', 1)], CLIENT).name, 'b');
      assert.equal(reports.length, 1);
      assert.match(reports[0], report);
    });
  }

  for (const [what, text, report] of [
    ['does not load', 'export default (', /cannot be loaded/],
    ['exports no function', 'export const route = () => {};', /has no function as its default export/],
  ] as const) {
    it(`a module that ${what} is refused at start`, async (t) => {
      await assert.rejects(loadRouter(await moduleFile(t, text), assert.fail), {
        code: 'GW_PROTOCOL_MODULE',
        message: report,
      });
    });
  }
});

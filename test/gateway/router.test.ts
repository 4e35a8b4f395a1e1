import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { type RouterWorker, loadRouter } from '#src/gateway/router.js';
import { configFolder } from '../support/config-folder.js';

const CLIENT = { remoteAddress: '10.0.0.1', remotePort: 1, gatewayPort: 8282 };

function worker(name: string, clients: number, local = true): RouterWorker {
  return { name, clients, local };
}

async function choose(router: string, workers: RouterWorker[]): Promise<string> {
  const route = await loadRouter(router, (error) => assert.fail(error));
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
    const route = await loadRouter('random', (error) => assert.fail(error));
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

  for (const [what, text, report] of [
    ['throws', "export default () => { throw new Error('no idea'); };", /threw: no idea/],
    ['chooses nobody', 'export default () => undefined;', /returned none of the workers/],
    ['chooses a stranger', "export default () => ({ name: 'a' });", /returned none of the workers/],
  ] as const) {
    it(`a module that ${what} is reported, and local-first chooses`, async (t) => {
      const reports: string[] = [];
      const route = await loadRouter(await moduleFile(t, text), ({ message }) => reports.push(message));
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

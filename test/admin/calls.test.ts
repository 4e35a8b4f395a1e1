import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { calls } from '#src/admin/calls/calls.js';
import { type People, QUERY_CASES, SEND_CASES, argumentsOf, sorted } from '../support/api-cases.js';
import { namedArguments } from '../support/admin-calls.js';
import { AdminClient } from '../support/admin-client.js';
import { ApiClient, base64, introduce } from '../support/api-client.js';
import { Cells } from '../support/cells.js';
import { Cluster } from '../support/cluster.js';
import { NodeProcess } from '../support/node.js';
import type { WsMessage } from '../support/ws-client.js';

const ADMIN = { listen: '127.0.0.1:0' };

interface Scene {
  readonly admin: AdminClient;
  /** Where Ann, Bob, the other Ann, and nobody in particular are. */
  readonly urls: readonly [string, string, string, string];
  readonly stop: () => Promise<void>;
}

const SCENES: Readonly<Record<string, () => Promise<Scene>>> = {
  'a node alone': async () => {
    const node = await NodeProcess.start({ events: 'api', gateway: { pingInterval: 0 }, admin: ADMIN });
    const url = node.url('ws');
    return {
      admin: new AdminClient(await node.admin()),
      urls: [url, url, url, url],
      stop: async () => await node.stop(),
    };
  },
  'a node of a cluster': async () => {
    const cluster = await Cluster.start(['a', 'b'], {
      events: 'api',
      gateway: { pingInterval: 0 },
      admin: ADMIN,
    });
    const [a, b] = ['a', 'b'].map((name) => cluster.node(name).url('ws'));
    return {
      admin: new AdminClient(await cluster.node('a').admin()),
      urls: [a, b, b, a],
      stop: async () => await cluster.stop(),
    };
  },
  'a node of one of two cells': async () => {
    const options = { events: 'api', gateway: { pingInterval: 0 }, admin: ADMIN };
    const cells = await Cells.start({ eu: ['a'], us: ['b'] }, options);
    const [a, b] = ['a', 'b'].map((name) => cells.node(name).url('ws'));
    return {
      admin: new AdminClient(await cells.node('a').admin()),
      urls: [a, b, b, a],
      stop: async () => await cells.stop(),
    };
  },
  'a group of nodes': async () => {
    const node = await NodeProcess.start({
      nodes: 2,
      events: 'api',
      gateway: { pingInterval: 0, lanPort: 0 },
      register: { listen: '127.0.0.1:0' },
      admin: ADMIN,
    });
    const url = node.url('ws');
    return {
      admin: new AdminClient(await node.admin()),
      urls: [url, url, url, url],
      stop: async () => await node.stop(),
    };
  },
};

for (const [what, start] of Object.entries(SCENES)) {
  describe(`the Gateway API over HTTP, at ${what}`, { timeout: 60_000 }, () => {
    let scene: Scene;
    let people: readonly ApiClient[];
    let ids: readonly string[];

    before(async () => {
      scene = await start();
      people = await Promise.all(scene.urls.map(async (url) => await ApiClient.connect(url)));
      ids = people.map(({ id }) => id);
      await introduce(people);
    });
    after(async () => await scene.stop());

    async function call(name: string, ...args: unknown[]): Promise<unknown> {
      return await scene.admin.result(`/api/${name}`, namedArguments(name, args));
    }

    async function received(name: string, ...args: unknown[]): Promise<WsMessage[][]> {
      assert.equal(await call(name, ...args), true);
      assert.equal(await call('sendToAll', 'end'), true);
      return await Promise.all(people.slice(0, 3).map((client) => client.messagesBefore('end')));
    }

    it('answers queries', async () => {
      const gone = await ApiClient.connect(scene.urls[1]);
      await gone.call('client.bindUid', 'gone');
      await gone.call('client.join', 'gone');
      await gone.ws.close();
      while ((await call('isOnline', gone.id)) === true);
      await call('setSession', ids[0], { n: 1 });
      const [ann, bob, ann2, nobody] = ids;
      const everybody: People = { ann, bob, ann2, nobody, gone: gone.id };
      for (const [name, args, expected] of QUERY_CASES) {
        const found = sorted(await call(name, ...args(everybody)));
        assert.deepEqual(found, sorted(expected(everybody)), `${name}(${argumentsOf(args)})`);
      }
    });

    it('sends', async () => {
      for (const [name, call_, args, expected] of SEND_CASES) {
        assert.deepEqual(await received(call_, ...args(ids)), expected, `${call_}: ${name}`);
      }
    });

    it('sends bytes', async () => {
      const bytes = Buffer.from([0, 255, 10, 128]);
      assert.deepEqual(await received('sendToUid', 'ann', base64(bytes)), [[bytes], [], [bytes]]);
      const frame = base64(Buffer.concat([Buffer.from([0x81, 3]), Buffer.from('raw')]));
      assert.deepEqual(await received('sendToGroup', 'red', frame, { raw: true }), [['raw'], ['raw'], []]);
    });

    it('sends by name', async () => {
      const [ann] = ids;
      const said = '{"event":"said","data":{"n":1}}';
      assert.deepEqual(await received('emitToUid', 'ann', 'said', { n: 1 }), [[said], [], [said]]);
      assert.deepEqual(await received('emitToClient', ann, 'said', { n: 1 }), [[said], [], []]);
      assert.deepEqual(await received('emitToGroup', 'red', 'said', { n: 1 }, { exclude: ann }), [
        [],
        [said],
        [],
      ]);
      assert.deepEqual(await received('emitToAll', 'said', { n: 1 }, { clientIds: [ann] }), [[said], [], []]);
    });

    it('changes uids, groups and sessions', async () => {
      const [, bob, , nobody] = ids;
      await call('bindUid', nobody, 7);
      assert.deepEqual(await call('getClientIdByUid', '7'), [nobody]);
      await call('unbindUid', nobody, '7');
      assert.equal(await call('getUidByClientId', nobody), null);
      await call('joinGroup', nobody, 'blue');
      await call('joinGroup', bob, 'blue');
      await call('leaveGroup', bob, 'blue');
      assert.deepEqual(await call('getClientIdListByGroup', 'blue'), [nobody]);
      await call('ungroup', 'blue');
      assert.equal(await call('getClientIdCountByGroup', 'blue'), 0);
      await call('setSession', bob, { a: { b: 1 }, list: [1, 2] });
      await call('updateSession', bob, { a: { c: [] }, 你: '好' });
      assert.deepEqual(await call('getSession', bob), { a: { b: 1, c: [] }, list: [1, 2], 你: '好' });
      await call('setSession', bob, {});
      assert.equal(await call('routeClient', bob, 'room', { scope: 'cluster' }), true);
    });

    it('sends to workers', async () => {
      await call('sendToWorker', 'some key', { n: 1 });
      await Promise.all(
        people.map(async ({ ws }) => {
          for (;;) if (/^at .* from outside: \{"n":1\}$/.test(String(await ws.next()))) return;
        }),
      );
    });

    it('closes clients, the last of them at once', async () => {
      const [first, second, third, fourth] = await Promise.all(
        scene.urls.map(async (url) => await ApiClient.connect(url)),
      );
      await call('bindUid', first.id, 'one');
      await call('bindUid', second.id, 'one', { exclusive: { message: 'bye', code: 4001, reason: 'new' } });
      assert.deepEqual(await first.ws.closed, { code: 4001, reason: 'new' });
      await call('closeClient', second.id, 'bye', { code: 4000, reason: 'go' });
      assert.equal(await second.ws.next(), 'bye');
      assert.deepEqual(await second.ws.closed, { code: 4000, reason: 'go' });
      await call('destroyClient', third.id);
      assert.equal((await third.ws.closed).code, 1006);
      await call('destoryClient', fourth.id);
      assert.equal((await fourth.ws.closed).code, 1006);
      assert.equal(await call('drained'), null);
    });
  });
}

describe('the Gateway API over HTTP', () => {
  it('is tested in every call', () => {
    const tested = new Set([...QUERY_CASES.map(([name]) => name), ...SEND_CASES.map(([, name]) => name)]);
    const here = [
      'bindUid',
      'unbindUid',
      'joinGroup',
      'leaveGroup',
      'ungroup',
      'setSession',
      'updateSession',
      'routeClient',
      'emitToAll',
      'emitToClient',
      'emitToUid',
      'emitToGroup',
      'sendToWorker',
      'closeClient',
      'destroyClient',
      'destoryClient',
      'drained',
    ];
    assert.deepEqual(
      Object.keys(calls).filter((name) => !tested.has(name) && !here.includes(name)),
      [],
    );
  });
});

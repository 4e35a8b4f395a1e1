import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type People, QUERY_CASES, SEND_CASES, argumentsOf, sorted } from './api-cases.js';
import { ApiClient, base64, introduce } from './api-client.js';
import type { NodeProcess } from './node.js';
import type { WsMessage } from './ws-client.js';

const DOCUMENTATION = fileURLToPath(new URL('../../docs/api.md', import.meta.url));

/** Nodes a, b and c, however they are joined. */
export interface ThreeNodes {
  node(name: string): NodeProcess;
  stop(): Promise<void>;
}

/**
 * The whole Gateway API, each call at least once.
 *
 * @param start starts nodes whose events are those of the fixture `api`
 * @param oneMesh whether workers of all of them reach each other
 */
export function describeApi(
  title: string,
  start: () => Promise<ThreeNodes>,
  { oneMesh }: { oneMesh: boolean },
): void {
  describe(title, { timeout: 120_000 }, () => {
    let cluster: ThreeNodes;
    /** A client of A: its handlers run on A, and make the calls. */
    let caller: ApiClient;
    /** At A; uid ann, groups red and green. */
    let ann: ApiClient;
    /** At B; uid bob, group red. */
    let bob: ApiClient;
    /** At C; uid ann, group green. */
    let ann2: ApiClient;
    const called = new Set<string>();

    before(async () => {
      cluster = await start();
    });
    after(() => cluster.stop());
    beforeEach(async () => {
      [ann, bob, ann2, caller] = await Promise.all(['a', 'b', 'c', 'a'].map(connect));
      await introduce([ann, bob, ann2]);
    });
    afterEach(async () => {
      await Promise.all([ann, bob, ann2, caller].map((client) => client.ws.close()));
      const witness = await connect('a');
      while ((await witness.call('getAllClientIdCount')) !== 1);
      await witness.ws.close();
    });

    async function connect(node: string): Promise<ApiClient> {
      return await ApiClient.connect(cluster.node(node).url('ws'));
    }

    async function call<Result>(name: string, ...args: unknown[]): Promise<Result> {
      called.add(name);
      return await caller.call<Result>(name, ...args);
    }

    /** What Ann, Bob and the other Ann get of a call. */
    async function received(name: string, ...args: unknown[]): Promise<WsMessage[][]> {
      assert.equal(await call(name, ...args), true);
      await call('sendToAll', 'end');
      return await Promise.all([ann, bob, ann2].map((client) => client.messagesBefore('end')));
    }

    it('queries', async () => {
      const gone = await connect('b');
      await gone.call('client.bindUid', 'gone');
      await gone.call('client.join', 'gone');
      await gone.leave(bob);
      await call('setSession', ann.id, { n: 1 });
      const people: People = {
        ann: ann.id,
        bob: bob.id,
        ann2: ann2.id,
        nobody: caller.id,
        gone: gone.id,
      };
      for (const [name, args, expected] of QUERY_CASES) {
        const found = sorted(await call(name, ...args(people)));
        assert.deepEqual(found, sorted(expected(people)), `${name}(${argumentsOf(args)})`);
      }
    });

    it('sends', async () => {
      const ids = [ann.id, bob.id, ann2.id];
      for (const [what, name, args, expected] of SEND_CASES) {
        assert.deepEqual(await received(name, ...args(ids)), expected, `${name}: ${what}`);
      }
    });

    it('text, binary and raw bytes arrive as they were sent, wherever the client is', async () => {
      const bytes = Buffer.from([0, 255, 10, 128]);
      assert.deepEqual(await received('sendToAll', base64(bytes)), [[bytes], [bytes], [bytes]]);
      assert.deepEqual(await received('sendToClient', bob.id, 'ünïcode 你好 🙂'), [
        [],
        ['ünïcode 你好 🙂'],
        [],
      ]);
      assert.deepEqual(await received('sendToGroup', 'green', ''), [[''], [], ['']]);
      const frame = base64(Buffer.concat([Buffer.from([0x81, 3]), Buffer.from('raw')]));
      const raw = { raw: true };
      assert.deepEqual(await received('sendToAll', frame, raw), [['raw'], ['raw'], ['raw']]);
      assert.deepEqual(await received('sendToUid', 'ann', frame, raw), [['raw'], [], ['raw']]);
      assert.deepEqual(await received('sendToClient', ann2.id, frame, raw), [[], [], ['raw']]);
      const large = 'x'.repeat(3_000_000);
      const [, , [got]] = await received('sendToClient', ann2.id, large);
      assert.ok(got === large, '3 MB arrived');
      await call('drained');
    });

    it('uids and groups of clients elsewhere', async () => {
      await call('bindUid', bob.id, 'ben');
      assert.deepEqual(sorted(await call('getAllUidList')), ['ann', 'ben']);
      assert.equal(await call('getUidByClientId', bob.id), 'ben');
      // their own nodes see it as well
      assert.equal((await bob.call<{ uid: string }>('describe')).uid, 'ben');
      await call('unbindUid', bob.id, 'ben');
      assert.equal(await call('getUidByClientId', bob.id), null);
      assert.equal((await bob.call<{ uid: string | null }>('describe')).uid, null);

      await call('joinGroup', ann2.id, 'red');
      assert.deepEqual(
        sorted(await call('getClientIdListByGroup', 'red')),
        [ann.id, bob.id, ann2.id].toSorted(),
      );
      await call('leaveGroup', bob.id, 'red');
      assert.deepEqual(sorted(await call('getClientIdListByGroup', 'red')), [ann.id, ann2.id].toSorted());
      await call('ungroup', 'red');
      assert.deepEqual(await call('getAllGroupIdList'), ['green']);
      assert.deepEqual(sorted(await bob.call('getAllGroupClientIdList')), {
        green: [ann.id, ann2.id].toSorted(),
      });
    });

    it('sessions of clients elsewhere', async () => {
      for (const client of [ann, bob, ann2]) {
        await call('setSession', client.id, { a: 1, deep: { x: 1, list: [1, 2, 3] } });
        await call('updateSession', client.id, { b: null, deep: { y: { z: 'ü' }, list: [9] } });
        const merged = { a: 1, b: null, deep: { x: 1, y: { z: 'ü' }, list: [9, 2, 3] } };
        assert.deepEqual(await call('getSession', client.id), merged);
        assert.deepEqual(await client.call('session'), merged);
        await client.call('session.assign', { a: 2 });
        // stored when the handler is done, and that is before the client's next event
        await client.call('describe');
        assert.deepEqual(await call('getSession', client.id), { ...merged, a: 2 });
      }
      const all = await call<object>('getAllClientSessions');
      assert.deepEqual(Object.keys(all).toSorted(), [ann.id, bob.id, ann2.id, caller.id].toSorted());
    });

    it('clients elsewhere are closed, and dropped', async () => {
      await call('closeClient', bob.id, 'bye');
      assert.equal(await bob.ws.next(), 'bye');
      assert.deepEqual(await bob.ws.closed, { code: 1000, reason: '' });
      await call('destroyClient', ann2.id);
      assert.equal((await ann2.ws.closed).code, 1006);
      const last = await connect('c');
      await call('destoryClient', last.id);
      assert.equal((await last.ws.closed).code, 1006);
      assert.equal(await call('isOnline', bob.id), false);
      assert.deepEqual(sorted(await call('getAllClientIdList')), [ann.id, caller.id].toSorted());
    });

    it('a uid for one client alone: of twenty that take it at once, on three nodes, the others are closed', async () => {
      const crowd = await Promise.all(Array.from({ length: 20 }, (_, n) => connect('abc'[n % 3])));
      await call('bindUid', ann2.id, 'zoe');
      const exclusive = { exclusive: { message: 'elsewhere', code: 4409, reason: 'taken' } };
      let left = 0;
      const nineteen = new Promise<void>((resolve) => {
        for (const { ws } of crowd) {
          void ws.closed.then(({ code, reason }) => {
            if (++left > crowd.length - 1) return;
            assert.deepEqual([code, reason], [4409, 'taken']);
            if (left === crowd.length - 1) resolve();
          });
        }
      });
      for (const client of crowd) client.request('client.bindUid', ['zoe', exclusive]);
      assert.equal(await ann2.ws.next(), 'elsewhere');
      assert.deepEqual(await ann2.ws.closed, { code: 4409, reason: 'taken' });
      await nineteen;
      const [winner, ...others] = await call<string[]>('getClientIdByUid', 'zoe');
      assert.deepEqual(others, []);
      const client = crowd.find(({ id }) => id === winner);
      assert.ok(client);
      assert.equal((await client.outcome()).result, true);
      assert.equal((await client.call<{ uid: string }>('describe')).uid, 'zoe');
      await client.ws.close();
    });

    it('how clients elsewhere are closed is told them, and their own workers', async () => {
      await call('joinGroup', bob.id, 'blue');
      await call('closeClient', bob.id, 'bye', { code: 4000, reason: 'rüde' });
      assert.equal(await bob.ws.next(), 'bye');
      assert.deepEqual(await bob.ws.closed, { code: 4000, reason: 'rüde' });
      const witness = await connect('b');
      const happened = await witness.call<{ id: string; event: string; end?: object }[]>('happened');
      assert.deepEqual(happened.find(({ id, event }) => id === bob.id && event === 'onClose')?.end, {
        by: 'server',
        code: 4000,
        reason: 'rüde',
        groups: ['red', 'blue'],
      });
      await witness.ws.close();
      for (const exclusive of ['yes', 1, { code: 1006 }, { message: 7 }]) {
        assert.equal((await caller.refusal('bindUid', ann.id, 'x', { exclusive })).code, 'GW_ARGUMENT');
      }
      for (const options of [{ code: 1005 }, { code: 42 }, { reason: 'x'.repeat(124) }]) {
        const { code } = await caller.refusal('closeClient', ann.id, '', options);
        assert.equal(code, 'GW_ARGUMENT');
      }
    });

    if (oneMesh) {
      it('messages go to workers elsewhere, and a key of the cluster has one owner, whoever asks', async () => {
        await call('sendToWorker', { name: 'b:0' }, { n: 1 });
        assert.match(String(await ann.ws.next()), /^at b:0 from a:\d: \{"n":1\}$/);
        const owners = new Set<string>();
        for (let key = 0; key < 12; key++) {
          const seen = new Set<string>();
          for (const asker of [caller, bob, ann2]) {
            await asker.call('sendToWorker', key, key, { scope: 'cluster' });
            const [, owner] = /^at (\S+) /.exec(String(await ann.ws.next())) ?? [];
            seen.add(owner);
          }
          assert.equal(seen.size, 1);
          for (const owner of seen) owners.add(owner.split(':')[0]);
          await bob.call('sendToWorker', key, 'near', {});
          assert.match(String(await ann.ws.next()), /^at b:\d from b:\d: "near"$/);
        }
        assert.equal(owners.size, 3);
        // and it is where a client with this key goes, whoever gives it to it
        await call('routeClient', bob.id, 'tea', { scope: 'cluster' });
        await call('sendToWorker', 'tea', 'tea', { scope: 'cluster' });
        const [, owner] = /^at (\S+) /.exec(String(await ann.ws.next())) ?? [];
        let worker: { name?: string } = {};
        while (worker.name !== owner) {
          ({ worker } = await bob.call<{ worker: { name: string } }>('startReport'));
        }
      });
    } else {
      async function ownersOf(key: string, asker: ApiClient): Promise<string> {
        await asker.call('sendToWorker', key, key, { scope: 'cluster' });
        const [, owner] = /^at (\S+) /.exec(String(await ann.ws.next())) ?? [];
        return owner;
      }

      it('messages go to workers of the own cell only, and a client elsewhere to the owner of its key there', async () => {
        await call('sendToWorker', { name: 'a:0' }, { n: 1 });
        assert.match(String(await ann.ws.next()), /^at a:0 from a:\d: \{"n":1\}$/);
        await call('sendToWorker', { name: 'b:0' }, 'lost');
        await cluster
          .node('a')
          .until('a message is dropped', ({ counters }) => counters.workerMessagesDropped === 1);
        assert.match(await ownersOf('tea', caller), /^a:/);
        const owner = await ownersOf('tea', bob);
        assert.match(owner, /^[bc]:/);
        await call('routeClient', bob.id, 'tea', { scope: 'cluster' });
        let worker: { name?: string } = {};
        while (worker.name !== owner) {
          ({ worker } = await bob.call<{ worker: { name: string } }>('startReport'));
        }
      });
    }

    it('the current client is the caller’s own', async () => {
      await call('sendToCurrentClient', 'me');
      assert.deepEqual(await caller.messagesBefore('me'), []);
      const ways: [name: string, code: number][] = [
        ['closeCurrentClient', 1000],
        ['destroyCurrentClient', 1006],
        ['destoryCurrentClient', 1006],
      ];
      for (const [name, code] of ways) {
        const client = await connect('a');
        called.add(name);
        client.request(name);
        assert.equal((await client.ws.closed).code, code);
        assert.equal(await bob.call('isOnline', client.id), false);
      }
    });

    it('a client id whose gateway nobody knows is refused by name, and the rest of a list is sent to', async () => {
      const stranger = `0a000001${bob.id.slice(8)}`;
      const { code, message } = await caller.refusal('sendToClient', stranger, 'hi');
      assert.equal(code, 'GW_LINK_CLOSED');
      assert.match(message, /no link to the gateway 10\.0\.0\.1:\d+/);
      assert.equal(await call('isOnline', stranger), false);
      await caller.refusal('sendToAll', 'hi', { clientIds: [stranger, bob.id, ann2.id] });
      assert.deepEqual(await received('sendToAll', 'end of it'), [
        ['end of it'],
        ['hi', 'end of it'],
        ['hi', 'end of it'],
      ]);
    });

    it('every call that docs/api.md names was made', () => {
      const sections = readFileSync(DOCUMENTATION, 'utf8').split(/^## /m);
      const section = sections.find((text) => text.startsWith('Gateway API')) ?? '';
      const inTables = Array.from(section.matchAll(/^\|(.+?)\|/gm), ([, cell]) => cell);
      const olderNames = /older names are kept: .*/.exec(section)?.[0] ?? '';
      const calls = [...inTables, olderNames].flatMap((text) =>
        Array.from(text.matchAll(/`([a-z]\w+)[(`]/g), ([, name]) => name),
      );
      for (const word of ['true', 'false']) calls.splice(calls.indexOf(word), 1);
      assert.ok(calls.length > 45, `${calls.length} calls are documented`);
      assert.deepEqual(
        calls.filter((name) => !called.has(name)),
        [],
      );
    });
  });
}

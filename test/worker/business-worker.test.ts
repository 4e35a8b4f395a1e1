import assert from 'node:assert/strict';
import { type TestContext, describe, test } from 'node:test';
import { inspect } from 'node:util';
import { encodeClientState } from '#src/wire/client-state.js';
import { Command, Flag } from '#src/wire/command.js';
import { serialize } from '#src/wire/php-serialize.js';
import type { Session } from '#src/wire/session.js';
import type { Client } from '#src/worker/client.js';
import { A, B, PHP, WorkerScene } from '../support/worker-scene.js';

/** A test with a bound: what these wait for either comes at once or never. */
function it(name: string, run: (t: TestContext) => Promise<void>): void {
  test(name, { timeout: 10_000 }, run);
}

class Scene extends WorkerScene {
  constructor(
    t: TestContext,
    onMessage: (client: Client, message: string | Buffer, scene: WorkerScene) => unknown,
  ) {
    super(t, { onMessage: (client, message) => onMessage(client, message, this) });
  }
}

function frozen(n: number): Session {
  return Object.freeze({ n, user: Object.freeze({ name: 'Ann', tags: Object.freeze(['a']) }) });
}

describe('a business worker and several gateways', () => {
  it('shows what handlers may use of a client, and nothing else', async (t) => {
    const scene = new Scene(t, (client) => {
      client.session.room = 'lobby';
      scene.did(inspect(client, { breakLength: Infinity, compact: true }));
    });
    scene.send(A, '', encodeClientState({ ...scene.state, uid: 'ada' }), Flag.STATE);
    assert.deepEqual(await scene.doneBy(1), [
      "{ id: '7f000001000100000007', remoteAddress: '0.0.0.0', remotePort: 0, gatewayPort: 0, uid: 'ada', session: { room: 'lobby' } }",
    ]);
  });

  it('a gateway that is gone takes its clients along, whatever connection ids it has given them', async (t) => {
    const scene = new Scene(t, (client) => scene.did(client.id));
    scene.send(A, 'hello', '', 0, 0);
    const [id] = await scene.doneBy(1);
    assert.notEqual(scene.worker.clients.find(id), undefined);
    scene.slot.forget(A);
    scene.send(B, 'hello');
    await scene.doneBy(2);
    assert.equal(scene.worker.clients.find(id), undefined);
  });

  it('takes the same connection id at two gateways for two clients, each with its session', async (t) => {
    const scene = new Scene(t, (client, message) => {
      client.session.said = message;
      client.send(message);
      scene.did(`${client.id.slice(8, 12)} ${String(message)}`);
    });
    scene.send(A, 'hello');
    scene.send(B, 'hi');
    assert.deepEqual(await scene.doneBy(2), ['0001 hello', '0002 hi']);
    assert.deepEqual(await scene.commanded(4), [
      `${Command.SEND_TO_ONE} 1:7 hello`,
      `${Command.PATCH_SESSION} 1:7 {"set":{"said":"hello"},"delete":[]}`,
      `${Command.SEND_TO_ONE} 2:7 hi`,
      `${Command.PATCH_SESSION} 2:7 {"set":{"said":"hi"},"delete":[]}`,
    ]);
  });

  it('handles what it has when a gateway goes, in order, and asks anew when the client comes back', async (t) => {
    const holds: Array<() => void> = [];
    const scene = new Scene(t, async (client, message) => {
      scene.did(`${String(message)} ${JSON.stringify(client.session)}`);
      client.session.mine = message;
      await new Promise<void>((resolve) => void holds.push(resolve));
      scene.did(`${String(message)} done`);
    });
    const release = (): void => holds.shift()?.();
    const session = Buffer.from('{"theirs":1}');
    scene.send(A, 'first');
    scene.send(A, 'second');
    await scene.doneBy(1);
    scene.slot.forget(A);
    // it comes back while the first is still pending: another worker has had it meanwhile
    scene.state = { ...scene.state, session };
    scene.send(A, 'third', encodeClientState(scene.state), Flag.STATE);
    scene.send(B, 'other');
    assert.deepEqual((await scene.doneBy(2)).slice(1), ['other {}'], 'other clients do not wait');
    release();
    await scene.doneBy(4);
    holds.pop()?.();
    assert.deepEqual((await scene.doneBy(6)).slice(2), [
      'first done',
      'second {"mine":"first"}',
      'second done',
      'third {"theirs":1}',
    ]);
  });

  it('forgets the clients of a gateway that went, and keeps the others', async (t) => {
    const scene = new Scene(t, (_client, message) => scene.did(String(message)));
    scene.send(A, 'a');
    scene.send(B, 'b');
    await scene.doneBy(2);
    const ids = ['7f000001000100000007', '7f000001000200000007'];
    assert.deepEqual(
      ids.map((id) => scene.worker.clients.find(id)?.id),
      ids,
    );
    scene.slot.forget(A);
    scene.send(B, 'later');
    await scene.doneBy(3);
    assert.deepEqual(
      ids.map((id) => scene.worker.clients.find(id)?.id),
      [undefined, ids[1]],
    );
  });

  it('says that a client’s end has come to its turn behind everything that its handlers have sent', async (t) => {
    let release!: () => void;
    const pending = new Promise<void>((resolve) => (release = resolve));
    const scene = new Scene(t, async (client, message) => {
      scene.did(String(message));
      if (message === 'slow') await pending;
      client.send(message);
    });
    scene.send(A, 'slow');
    scene.send(A, 'quick');
    scene.event(A, { command: Command.CLIENT_ENDED });
    scene.event(B, { command: Command.CLIENT_ENDED });
    // of a client that it has never seen
    const [first] = await scene.commanded(1);
    assert.equal(first, `${Command.CLIENT_ENDED} 2:7 `);
    release();
    assert.deepEqual((await scene.commanded(4)).slice(1), [
      `${Command.SEND_TO_ONE} 1:7 slow`,
      `${Command.SEND_TO_ONE} 1:7 quick`,
      `${Command.CLIENT_ENDED} 1:7 `,
    ]);
    assert.deepEqual(scene.done, ['slow', 'quick']);
  });

  it('reads what a PHP gateway sends, and writes sessions as it reads them', async (t) => {
    const scene = new Scene(t, (client, message) => {
      scene.did(`${typeof message} ${JSON.stringify(client.session)}`);
      client.session.n = 1;
    });
    scene.send(PHP, 'text', serialize({ name: 'Ann' }));
    scene.send(PHP, Buffer.from([0xff, 0xfe]), serialize({ name: 'Ann' }));
    assert.deepEqual(await scene.doneBy(2), ['string {"name":"Ann"}', 'object {"name":"Ann","n":1}']);
    assert.deepEqual(await scene.commanded(1), [
      `${Command.SET_SESSION} 3:7 a:2:{s:4:"name";s:3:"Ann";s:1:"n";i:1;}`,
    ]);
  });

  /** Sessions that cannot be stored, and cannot be set back in place, either; with the keys that are refused. */
  const REFUSED: Readonly<Record<string, [make: () => Session, ...refused: string[]]>> = {
    'frozen, as immer leaves it': [() => Object.freeze({ good: 1, big: 1n }), 'big'],
    sealed: [() => Object.seal({ good: 1, big: 1n, list: new Map() }), 'big', 'list'],
    'that takes no further key': [() => Object.preventExtensions({ good: 1, old: new Set() }), 'old'],
    'with a getter that throws': [
      () =>
        Object.defineProperty({ good: 1 }, 'bad', {
          enumerable: true,
          get() {
            throw new Error('no');
          },
        }),
      'bad',
    ],
    'with a setter that throws': [
      () => ({
        good: 1,
        get bad() {
          return new Map();
        },
        set bad(_) {
          throw new Error('no');
        },
      }),
      'bad',
    ],
    'behind a proxy that lets nothing be deleted': [
      () => new Proxy({ good: 1, big: 1n }, { deleteProperty: () => true }),
      'big',
    ],
    'behind a proxy that cannot be read': [
      () =>
        new Proxy(
          { good: 1 },
          {
            ownKeys() {
              throw new Error('revoked');
            },
          },
        ),
      '',
    ],
  };
  for (const [name, [make, ...keys]] of Object.entries(REFUSED)) {
    for (const gateway of [A, PHP]) {
      it(`a session ${name} is refused by its keys, once, at ${gateway.php ? 'a PHP' : 'our'} gateway`, async (t) => {
        const scene = new Scene(t, (client, message) => {
          if (message === 'set') client.session = make();
          else client.session.later = true;
          scene.did(String(message));
        });
        scene.send(gateway, 'set', gateway.php ? serialize({ old: 'before' }) : '{"old":"before"}');
        scene.send(gateway, 'next', gateway.php ? serialize({ old: 'before' }) : '{"old":"before"}');
        await scene.doneBy(2);
        const stored = (await scene.commanded(keys[0] === '' ? 1 : 2)).at(-1) ?? '';
        assert.match(stored, gateway.php ? /s:5:"later";b:1;/ : /"later":true/);
        assert.equal(scene.failures.length, keys.length, scene.failures.join('\n'));
        for (const key of keys) {
          const where = key === '' ? 'client.session ' : `client.session.${key} `;
          assert.ok(
            scene.failures.some((line) => line.includes(where)),
            `${where} in ${scene.failures.join('\n')}`,
          );
        }
        if (keys[0] !== '') assert.match(scene.commands.join(' '), /"good"/);
      });
    }
  }

  it('a session that makes up a bad key for each that is refused ends, too', async (t) => {
    const scene = new Scene(t, (client, message) => {
      if (message === 'set') {
        const session = client.session;
        let made = 0;
        const bad = (key: string): void => {
          Object.defineProperty(session, key, {
            enumerable: true,
            configurable: true,
            get() {
              bad(`bad${++made}`);
              throw new Error('no');
            },
          });
        };
        bad('bad');
      } else {
        client.session.good = 1;
      }
      scene.did('');
    });
    scene.send(A, 'set');
    scene.send(A, 'next');
    await scene.commanded(1);
    assert.match(scene.commands[0], /"good":1/);
    assert.equal(scene.failures.length, 100);
  });

  it('what immer returns is a session like any other: stored, merged into, changed again', async (t) => {
    const scene = new Scene(t, (client) => {
      const n = Number(client.session.n ?? 0) + 1;
      client.session = frozen(n);
      gateway.updateSession(client.id, { user: { tags: ['b'], age: 3 } });
      scene.did(JSON.stringify(client.session));
    });
    const { gateway } = scene;
    scene.send(A, 'one');
    scene.send(A, 'two');
    const user = { name: 'Ann', tags: ['b'], age: 3 };
    assert.deepEqual(
      (await scene.doneBy(2)).map((text) => JSON.parse(text) as unknown),
      [
        { n: 1, user },
        { n: 2, user },
      ],
    );
    assert.deepEqual(scene.failures, []);
  });
});

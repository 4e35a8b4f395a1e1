import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { Gateway } from '#src/api/gateway-calls.js';
import { log } from '#src/base/user-log.js';
import type { Events } from '#src/worker/events.js';
import { type BootOptions, type TestApp, boot } from '#src/testing/index.js';
import { configFolder } from '../support/config-folder.js';

async function app(
  t: TestContext,
  events: Events | string,
  options: Omit<BootOptions, 'events'> = {},
): Promise<TestApp> {
  const started = await boot({ events, ...options });
  t.after(async () => await started.close());
  return started;
}

/** Answers every message with itself. */
const ECHO: Events = { onMessage: (client, message) => client.send(message) };

/** Counts in a variable of its module. */
const counting = (word: string): string => `
  import { defineEvents } from 'gatewayworker';
  let count = 0;
  export default defineEvents({ onMessage(client) { client.send('${word} ' + ++count); } });`;

/** Counts visits to rooms, which it hands over. @param before what it does before it takes over */
const rooms = (before: string): string => `
  import { defineEvents } from 'gatewayworker';
  let rooms = new Map<string, number>();
  export default defineEvents({
    onHandOver: () => rooms,
    onTakeOver(worker, state: Map<string, number>) { ${before} rooms = state; },
    onMessage(client, room: string) {
      rooms.set(room, (rooms.get(room) ?? 0) + 1);
      client.send(String(rooms.get(room)));
    },
  });`;

describe('a client of a test', () => {
  it('gets strings as strings, bytes as bytes, in their order, and nothing joined', async (t) => {
    const client = await (await app(t, ECHO)).connect();
    for (const message of ['one', '', Buffer.from([1, 2]), 'zwei ü', Buffer.alloc(0)]) client.send(message);
    for (const expected of ['one', '', Buffer.from([1, 2]), 'zwei ü', Buffer.alloc(0)]) {
      assert.deepEqual(await client.next(), expected);
    }
    assert.equal(client.messages.length, 5);
  });

  it('gets what is sent raw as it is', async (t) => {
    const { connect } = bound(
      await app(t, {
        onMessage(client) {
          client.send('before');
          client.send(Buffer.from('raw'), { raw: true });
          client.send('after');
        },
      }),
    );
    const client = await connect();
    client.send('go');
    assert.deepEqual(
      [await client.next(), await client.next(), await client.next()],
      ['before', Buffer.from('raw'), 'after'],
    );
  });

  it('comes with its handshake, and from its address', async (t) => {
    const { connect } = bound(
      await app(t, {
        onConnect: (client) => client.send(client.remoteAddress),
        onWebSocketConnect(client, { url, query, queryAll, headers, cookies, subprotocol }) {
          client.send(JSON.stringify({ url, query, queryAll, header: headers['x-a'], cookies, subprotocol }));
        },
        onMessage() {},
      }),
    );
    const client = await connect({
      path: '/chat',
      query: { token: 'a b', tag: ['1', '2'] },
      headers: { 'X-A': 'b', cookie: 'c=d' },
      subprotocol: 'v1',
      remoteAddress: '10.1.2.3',
    });
    assert.equal(await client.next(), '10.1.2.3');
    assert.deepEqual(await client.nextJson(), {
      url: '/chat?token=a+b&tag=1&tag=2',
      query: { token: 'a b', tag: '2' },
      queryAll: { token: ['a b'], tag: ['1', '2'] },
      header: 'b',
      cookies: { c: 'd' },
      subprotocol: 'v1',
    });
    assert.deepEqual((await connect({ websocket: false })).messages, ['127.0.0.1']);
  });

  it('comes with a uid, a session and groups', async (t) => {
    const { connect, application } = bound(
      await app(t, { onMessage: (client) => client.send(JSON.stringify([client.uid, client.session])) }),
    );
    const ann = await connect({ uid: 7, session: { name: 'Ann' }, groups: ['room', 'all'] });
    ann.send('who');
    assert.deepEqual(await ann.nextJson(), ['7', { name: 'Ann' }]);
    assert.deepEqual([ann.uid, ann.session, ann.groups], ['7', { name: 'Ann' }, ['room', 'all']]);
    assert.deepEqual(application.uid(7).clients, [ann]);
    assert.deepEqual(application.group('room').clients, [ann]);
  });

  it('is closed by a handler, with its code, and its onClose comes once', async (t) => {
    const closed: string[] = [];
    const { connect, application } = bound(
      await app(t, {
        onMessage: (client) => client.close('bye'),
        onClose: (client) => closed.push(client.id),
      }),
    );
    const client = await connect();
    client.send('go');
    assert.equal(await client.next(), 'bye');
    assert.deepEqual(await client.closed, { code: 1000, reason: '' });
    await application.settled();
    assert.deepEqual(closed, [client.id]);
    await assert.rejects(client.next(), /the connection was closed with 1000/);
    assert.deepEqual(application.clients, []);
  });

  it('closes, with its code, or is gone without a word', async (t) => {
    const closed: string[] = [];
    const { connect, application } = bound(
      await app(t, { onMessage() {}, onClose: (client) => closed.push(String(client.session.name)) }),
    );
    const [ann, bob] = [
      await connect({ session: { name: 'ann' } }),
      await connect({ session: { name: 'bob' } }),
    ];
    assert.deepEqual(await ann.close(4000, 'enough'), { code: 4000, reason: 'enough' });
    assert.deepEqual(await bob.drop(), { code: 1006, reason: '' });
    await application.settled();
    assert.deepEqual(closed, ['ann', 'bob']);
  });

  it('that waits in vain is told what the application has logged', async (t) => {
    const { connect } = bound(
      await app(
        t,
        {
          onMessage() {
            throw new Error('no such table');
          },
        },
        { patience: 100 },
      ),
    );
    const client = await connect();
    client.send('go');
    await assert.rejects(client.next(), /nothing came within 0\.1 s.*no such table/s);
  });
});

describe('an application under test', () => {
  it('says who is in a group and what was sent to it', async (t) => {
    const { connect, application } = bound(
      await app(t, {
        onMessage(client, message) {
          if (message === 'join') client.join('room');
          else Gateway.sendToGroup(['room', 'empty'], message);
        },
      }),
    );
    const [ann, bob] = [await connect(), await connect()];
    ann.send('join');
    await application.settled();
    bob.send('hello');
    assert.equal(await ann.next(), 'hello');
    await application.settled();
    assert.deepEqual(bob.messages, []);
    assert.deepEqual(application.group('room'), { clients: [ann], messages: ['hello'] });
    assert.deepEqual(application.group('empty'), { clients: [], messages: ['hello'] });
    Gateway.sendToUid('nobody', Buffer.from([1]));
    await application.settled();
    assert.deepEqual(application.uid('nobody'), { clients: [], messages: [Buffer.from([1])] });
  });

  it('has the whole Gateway API, in handlers, after an await, and in the test', async (t) => {
    const { connect } = bound(
      await app(t, {
        async onMessage(client) {
          const count = await Gateway.getAllClientIdCount();
          Gateway.sendToCurrentClient(`${count} ${await Gateway.getUidByClientId(client.id)}`);
        },
      }),
    );
    const client = await connect({ uid: 'ann' });
    client.send('?');
    assert.equal(await client.next(), '1 ann');
    Gateway.sendToAll('from the test');
    assert.equal(await client.next(), 'from the test');
    assert.deepEqual(await Gateway.getClientIdByUid('ann'), [client.id]);
    assert.throws(() => Gateway.sendToCurrentClient('x'), { code: 'GW_NO_CONTEXT' });
  });

  it('keeps what it logs', async (t) => {
    const { connect, application } = bound(
      await app(t, { onMessage: (_, message) => log.info({ size: message.length }, 'got one') }),
    );
    const client = await connect();
    client.send('abc');
    await application.settled();
    const line = application.log.find(({ msg }) => msg === 'got one');
    assert.equal(line?.size, 3);
    assert.equal(line?.client, client.id);
  });

  it('lets the heartbeat drop who is silent, when time passes', async (t) => {
    const { connect, application } = bound(
      await app(t, ECHO, { gateway: { pingInterval: 10, pingNotResponseLimit: 1, pingData: '' } }),
    );
    const [quiet, alive] = [await connect(), await connect()];
    quiet.fallSilent();
    for (let n = 0; n < 4; n++) await application.advance(10_000);
    assert.deepEqual(quiet.end, { code: 1006, reason: '' });
    assert.equal(alive.open, true);
  });

  it('several at once do not meet', async (t) => {
    const [one, two] = [await app(t, ECHO), await app(t, ECHO)];
    const [ann, bob] = [await one.connect(), await two.connect()];
    Gateway.sendToAll('to the latest');
    assert.equal(await bob.next(), 'to the latest');
    ann.send('x');
    assert.equal(await ann.next(), 'x');
    assert.deepEqual(ann.messages, ['x']);
  });

  it('that does not come to an end is named, and closed all the same', async (t) => {
    const { connect, application } = bound(
      await app(t, { onMessage: async () => await new Promise<never>(() => {}) }, { patience: 100 }),
    );
    const client = await connect();
    client.send('go');
    await assert.rejects(application.settled(), /1 handler is pending/);
    await application.close();
    assert.throws(() => Gateway.sendToAll('x'), { code: 'GW_LINK_CLOSED' });
  });
});

describe('a reload, and a crash', () => {
  it('a reload: onWorkerStop of the old code, onWorkerStart of the new, and clients stay', async (t) => {
    const seen: string[] = [];
    const { connect, application } = bound(
      await app(t, {
        onWorkerStart: ({ id }) => seen.push(`start ${id}`),
        onWorkerStop: ({ id }) => seen.push(`stop ${id}`),
        onMessage: (client, message) => client.send(message),
      }),
    );
    const client = await connect({ session: { n: 1 } });
    await application.reload();
    client.send('still here');
    assert.equal(await client.next(), 'still here');
    assert.deepEqual(client.session, { n: 1 });
    await application.settled();
    assert.deepEqual(seen, ['start 0', 'start 0', 'stop 0']);
  });

  it('of a folder: the new code, with variables of its own', async (t) => {
    const folder = await configFolder(t, { 'events/index.ts': counting('old') });
    const { connect, application } = bound(await app(t, join(folder, 'events')));
    const client = await connect();
    const answer = async (): Promise<unknown> => {
      client.send('?');
      return await client.next();
    };
    assert.deepEqual([await answer(), await answer()], ['old 1', 'old 2']);
    await application.reload();
    assert.equal(await answer(), 'old 1');
    await configFile(folder, counting('new'));
    await application.reload();
    assert.equal(await answer(), 'new 1');
  });

  it('a handler that is pending at a reload is done by the old code, and what it sends arrives', async (t) => {
    let open!: () => void;
    const gate = new Promise<void>((resolve) => (open = resolve));
    let starts = 0;
    const { connect, application } = bound(
      await app(t, {
        onWorkerStart: () => void starts++,
        async onMessage(client, message) {
          if (message === 'wait') await gate;
          client.send(`${String(message)} ${await Gateway.getAllClientIdCount()}`);
        },
      }),
    );
    const [ann, bob] = [await connect(), await connect()];
    ann.send('wait');
    ann.send('next');
    bob.send('one');
    assert.equal(await bob.next(), 'one 2');
    await application.reload();
    bob.send('two');
    assert.equal(await bob.next(), 'two 2');
    assert.deepEqual(ann.messages, []);
    open();
    assert.equal(await ann.next(), 'wait 2');
    assert.equal(await ann.next(), 'next 2');
    assert.equal(starts, 2);
  });

  it('a reload hands over what onHandOver returns, or says why not, and then the old code goes on with it', async (t) => {
    const folder = await configFolder(t, { 'events/index.ts': rooms('') });
    const { connect, application } = bound(await app(t, join(folder, 'events')));
    const client = await connect();
    const visit = async (): Promise<unknown> => {
      client.send('tea');
      return await client.next();
    };
    assert.deepEqual([await visit(), await visit()], ['1', '2']);
    await application.reload();
    assert.equal(await visit(), '3');
    await configFile(folder, rooms("throw new Error('too full');"));
    await assert.rejects(application.reload(), { code: 'GW_HANDOVER', message: /too full/ });
    assert.equal(await visit(), '4');
    await configFile(folder, rooms(''));
    await application.reload();
    assert.equal(await visit(), '5');
    await application.crash();
    assert.equal(await visit(), '1');
  });

  it('a reload whose onHandOver takes too long is refused; events wait until it is done, and go on', async (t) => {
    let onBegun!: () => void;
    const begun = new Promise<void>((resolve) => (onBegun = resolve));
    let open!: () => void;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const calls: string[] = [];
    const { connect, application } = bound(
      await app(t, {
        async onHandOver() {
          onBegun();
          await gate;
          return 'state';
        },
        onTakeOver: (_, state) => calls.push(`has ${String(state)}`),
        onMessage: (_, message) => calls.push(`does ${String(message)}`),
      }),
    );
    const client = await connect();
    const refused = assert.rejects(application.reload(), {
      code: 'GW_HANDOVER',
      message: /its time was over after 2 s .* waited for onHandOver/,
    });
    await begun;
    client.send('one');
    application.clock.advance(2000);
    await refused;
    open();
    await application.settled();
    assert.deepEqual(calls, ['has state', 'does one']);
  });

  it('a crash: what waited is handled by the next worker, what had begun is gone', async (t) => {
    const begun: unknown[] = [];
    const { connect, application } = bound(
      await app(t, {
        async onMessage(client, message) {
          begun.push(message);
          if (message === 'hang') await new Promise<never>(() => {});
          client.send(message);
        },
      }),
    );
    const client = await connect();
    client.send('hang');
    client.send('waits');
    while (begun.length === 0) await new Promise((resolve) => void setImmediate(resolve));
    await application.crash();
    assert.equal(await client.next(), 'waits');
    assert.deepEqual(begun, ['hang', 'waits']);
    assert.ok(application.log.some(({ msg }) => msg.includes('worker 0 died: the test ended it')));
  });
});

describe('an application that cannot start', () => {
  it('says why, and leaves nothing behind', async (t) => {
    await assert.rejects(boot({ events: { onMessag() {} } as unknown as Events }), {
      code: 'GW_EVENTS_INVALID',
    });
    await assert.rejects(
      boot({
        events: {
          onWorkerStart() {
            throw new Error('no database');
          },
          onMessage() {},
        },
      }),
      { code: 'GW_EVENTS_START', message: /no database/ },
    );
    await assert.rejects(boot({ events: '/nowhere/events' }), { code: 'GW_EVENTS_MISSING' });
    await assert.rejects(boot({ events: ECHO, gateway: { pingIntervall: 1 } as never }), {
      code: 'GW_CONFIG',
      message: /pingIntervall/,
    });
    assert.throws(() => Gateway.sendToAll('x'), { code: 'GW_LINK_CLOSED' });
    await app(t, ECHO);
  });
});

function bound(application: TestApp): { connect: TestApp['connect']; application: TestApp } {
  return { connect: application.connect.bind(application), application };
}

async function configFile(folder: string, text: string): Promise<void> {
  await writeFile(join(folder, 'events/index.ts'), text);
}

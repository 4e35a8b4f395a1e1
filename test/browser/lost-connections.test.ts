import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type TestNode, bootNode } from '#src/testing/index.js';
import { BrowserClient } from '../support/browser-client.js';
import { fixture } from '../support/fixtures.js';
import { NodeProcess } from '../support/node.js';

let app: TestNode;
before(async () => {
  app = await bootNode({ config: { worker: { count: 1, events: fixture('events/page') } } });
});
after(() => app.close());

describe('a connection that is lost', { timeout: 60_000 }, () => {
  it('is made again after pauses that double, up to half a minute, each half as long or half as long again by chance', async (t) => {
    const mortal = await NodeProcess.start({ events: 'page' });
    const client = await BrowserClient.open(t, mortal.url('ws'));
    await mortal.kill();
    const pauses: unknown[] = [];
    for (let attempt = 0; attempt < 7; attempt++) {
      const { code, pause = 0 } = (await client.comesTo('waiting')) ?? {};
      assert.equal(code, 1006);
      pauses.push(pause);
      client.chance = 0.5 + 0.5 * (attempt % 2);
      client.clock.advance(pause - 1);
      assert.equal(client.connection.state, 'waiting');
      client.clock.advance(1);
      await client.comesTo('connecting');
    }
    assert.deepEqual(pauses, [1000, 2000, 6000, 8000, 24_000, 30_000, 45_000]);
  });

  it('is found again at once by a page that hears of a network, or asks', async (t) => {
    const network = new EventTarget();
    for (const name of ['addEventListener', 'removeEventListener'] as const) {
      const there = Object.getOwnPropertyDescriptor(globalThis, name);
      Object.defineProperty(globalThis, name, { value: network[name].bind(network), configurable: true });
      t.after(() => {
        if (there === undefined) Reflect.deleteProperty(globalThis, name);
        else Object.defineProperty(globalThis, name, there);
      });
    }
    const mortal = await NodeProcess.start({ events: 'page' });
    const client = await BrowserClient.open(t, mortal.url('ws'));
    network.dispatchEvent(new Event('online'));
    await mortal.kill();
    await client.comesTo('waiting');
    network.dispatchEvent(new Event('online'));
    await client.comesTo('connecting');
    await client.comesTo('waiting');
    client.connection.reconnect();
    await client.comesTo('connecting');
    await client.comesTo('waiting');
    client.connection.close();
    network.dispatchEvent(new Event('online'));
    assert.equal(client.connection.state, 'closed');
    assert.equal(client.clock.timers, 0);
  });

  it('begins with a first pause again when the one before has lasted', async (t) => {
    const client = await BrowserClient.open(t, app.urls[0]);
    const pauseAfter = async (lasting: number): Promise<unknown> => {
      client.clock.advance(lasting);
      client.connection.emit('close', { code: 1012 });
      const end = await client.comesTo('waiting');
      client.connection.reconnect();
      await client.comesTo('connecting');
      await client.comesTo('open');
      return end?.pause;
    };
    assert.deepEqual(
      [await pauseAfter(0), await pauseAfter(9_999), await pauseAfter(10_000)],
      [1000, 2000, 1000],
    );
  });

  for (const code of [1001, 1008, 1009, 1012, 1013]) {
    it(`by ${code} is an interruption`, async (t) => {
      const client = await BrowserClient.open(t, app.urls[0]);
      client.connection.emit('close', { code, reason: 'soon' });
      assert.deepEqual(await client.comesTo('waiting'), { code, reason: 'soon', pause: 1000 });
    });
  }

  for (const code of [1000, 3000, 4401, 4999]) {
    it(`by ${code} is closed for good, as the server's code has it`, async (t) => {
      const client = await BrowserClient.open(t, app.urls[0]);
      const request = assert.rejects(client.connection.request('hold'), {
        code: 'GW_LINK_CLOSED',
        message: /hold has no answer: the connection is closed/,
      });
      const other = await BrowserClient.open(t, app.urls[0]);
      other.connection.emit('close', { id: client.connection.id, code, reason: 'go' });
      assert.deepEqual(await client.comesTo('closed'), { code, reason: 'go' });
      await request;
      assert.throws(() => client.connection.emit('say'), { code: 'GW_LINK_CLOSED' });
      assert.equal(client.clock.timers, 0);
    });
  }

  it('by any code is what "again" says', async (t) => {
    const client = await BrowserClient.open(t, app.urls[0], { again: ({ code }) => code === 4503 });
    client.connection.emit('close', { code: 4503 });
    await client.comesTo('waiting');
    client.connection.reconnect();
    await client.comesTo('connecting');
    await client.comesTo('open');
    client.connection.emit('close', { code: 1012 });
    await client.comesTo('closed');
    client.connection.reconnect();
    await client.comesTo('connecting');
    await client.comesTo('open');
  });

  it('is not, by a reload: nobody notices', async (t) => {
    const client = await BrowserClient.open(t, app.urls[0]);
    const { id } = client.connection;
    await app.reload();
    assert.equal(await client.connection.request('sum', { numbers: [1, 2] }), 3);
    assert.deepEqual([client.connection.id, client.states.length], [id, 0]);
  });
});

describe('an attempt', { timeout: 60_000 }, () => {
  it('asks for its url anew, and is one in vain where there is none', async (t) => {
    let asked = 0;
    const client = BrowserClient.start(t, async () => {
      await Promise.resolve();
      if (++asked === 1) throw new Error('no token');
      return asked === 2 ? 'mailto:ann' : `${app.urls[0]}/?attempt=${asked}`;
    });
    for (const reason of [/no token/, /"mailto:ann" is no address/]) {
      assert.match((await client.comesTo('waiting'))?.reason ?? '', reason);
      assert.match(client.errors.pop()?.message ?? '', reason);
      client.connection.reconnect();
      await client.comesTo('connecting');
    }
    await client.comesTo('open');
    assert.equal(asked, 3);
  });

  it('is given up when nobody greets', async (t) => {
    const mortal = await NodeProcess.start({ events: 'page' });
    t.after(() => mortal.kill());
    mortal.pause();
    const client = BrowserClient.start(t, mortal.url('ws'));
    client.clock.advance(19_999);
    assert.equal(client.connection.state, 'connecting');
    client.clock.advance(1);
    assert.deepEqual(await client.comesTo('waiting'), {
      code: 1006,
      reason: 'no greeting within 20 s',
      pause: 1000,
    });
  });

  it('is none any more when it is closed meanwhile', async (t) => {
    let answer!: (url: string) => void;
    const client = BrowserClient.start(t, () => new Promise<string>((resolve) => (answer = resolve)));
    client.connection.close();
    answer(app.urls[0]);
    await client.comesTo('closed');
    const other = BrowserClient.start(t, app.urls[0]);
    other.connection.close();
    await other.comesTo('closed');
    assert.deepEqual([other.clock.timers, client.clock.timers], [0, 0]);
  });

  it('ends where the server chooses another subprotocol', async (t) => {
    const door = await bootNode({ config: { worker: { count: 1, events: fixture('events/handshake') } } });
    t.after(() => door.close());
    const granted = encodeURIComponent(JSON.stringify({ subprotocol: 'v2' }));
    const url = `${door.urls[0]}/?how=return&value=${granted}`;
    const client = BrowserClient.start(t, url, { protocols: ['v2'] });
    assert.match(
      (await client.comesTo('closed'))?.reason ?? '',
      /chosen the subprotocol v2 instead of gatewayworker\.v1/,
    );
  });
});

describe('what is sent without a connection', { timeout: 60_000 }, () => {
  it('waits, in its order, behind what "open" leads to', async (t) => {
    const listener = await BrowserClient.open(t, app.urls[0]);
    const said = listener.inbox('said');
    const client = BrowserClient.start(t, app.urls[0]);
    const { connection } = client;
    connection.emit('say', { text: 'one' });
    const sum = connection.request('sum', { numbers: [2, 3] });
    connection.emit('say', { text: 'two' });
    connection.onState((state) => state === 'open' && connection.emit('say', { text: 'login' }));
    const texts = [await said.next(), await said.next(), await said.next()] as { text: string }[];
    assert.deepEqual([texts.map(({ text }) => text), await sum], [['login', 'one', 'two'], 5]);
  });

  it('is refused when too much waits', async (t) => {
    const client = BrowserClient.start(t, 'ws://127.0.0.1:1', { queue: 2 });
    const { connection } = client;
    const request = connection.request('sum', { numbers: [] });
    connection.emit('say');
    assert.throws(() => connection.emit('say'), { code: 'GW_OVERFLOW', message: /2 messages wait/ });
    await assert.rejects(connection.request('sum', { numbers: [] }), { code: 'GW_OVERFLOW' });
    connection.close();
    await assert.rejects(request, { code: 'GW_LINK_CLOSED' });
  });

  it('makes room when its time is over, and is not sent then', async (t) => {
    let answer!: (url: string) => void;
    const url = (): Promise<string> => new Promise<string>((resolve) => (answer = resolve));
    const client = BrowserClient.start(t, url, { queue: 1, timeout: 100 });
    const said = client.inbox('said');
    const late = assert.rejects(client.connection.request('say', { text: 'late' }), { code: 'GW_TIMEOUT' });
    client.clock.advance(100);
    await late;
    client.connection.emit('say', { text: 'in time' });
    answer(app.urls[0]);
    assert.equal(((await said.next()) as { text: string }).text, 'in time');
  });

  it('outlives the connection; what was sent and has no answer does not', async (t) => {
    const mortal = await NodeProcess.start({ events: 'page' });
    const listen = [{ url: mortal.url('ws') }];
    const client = await BrowserClient.open(t, mortal.url('ws'));
    const sent = assert.rejects(client.connection.request('hold'), {
      code: 'GW_LINK_CLOSED',
      message: /hold has no answer: the connection was lost, and nobody knows how far it had come/,
    });
    await mortal.kill();
    await sent;
    await client.comesTo('waiting');
    const waits = client.connection.request('sum', { numbers: [4, 5] });
    client.clock.advance(1000);
    await client.comesTo('connecting');
    await client.comesTo('waiting');
    const second = await NodeProcess.start({ events: 'page', gateway: { listen } });
    t.after(() => second.kill());
    client.clock.advance(2000);
    await client.comesTo('connecting');
    await client.comesTo('open');
    assert.equal(await waits, 9);
  });
});

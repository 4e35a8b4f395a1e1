import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { textAnswer } from '#src/wire/web-request.js';
import { open } from './opening.js';

const MiB = 1024 * 1024;

describe('plain HTTP that the application answers', { timeout: 30_000 }, () => {
  it('is refused when a thousand wait, and taken again when one is answered', async (t) => {
    const { host, listener } = await open(t, 'ws');
    host.answers = true;
    const port = listener.context.port;
    const sockets = Array.from({ length: 1000 }, () => connect(port, '127.0.0.1'));
    t.after(() => sockets.forEach((socket) => socket.destroy()));
    for (const socket of sockets) {
      socket.on('error', () => {});
      socket.write('GET /wait HTTP/1.1\r\nHost: a\r\n\r\n');
    }
    await host.until('a thousand', () => host.exchanges.length === 1000);
    const url = `http://127.0.0.1:${port}/more`;
    const refused = await fetch(url);
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
    assert.equal(host.refusals.at(-1)?.kind, 'http overload');
    host.exchanges[0].answer(textAnswer(200, 'one'));
    await host.until('its end', () => host.pastExchanges.length === 1);
    const asked = fetch(url);
    await host.until('another', () => host.exchanges.length === 1001);
    host.exchanges[1000].answer(textAnswer(200, 'welcome'));
    assert.equal(await (await asked).text(), 'welcome\n');
    const leaver = host.exchanges[1];
    sockets.find(({ localPort }) => localPort === leaver.remotePort)?.resetAndDestroy();
    await host.until('who breaks off', () => host.pastExchanges.includes(leaver));
  });

  it('keeps 64 MiB of bodies that nobody takes, and no more', async (t) => {
    const { host, listener } = await open(t, 'ws');
    host.answers = true;
    const url = `http://127.0.0.1:${listener.context.port}/`;
    const post = async (): Promise<Response> =>
      await fetch(url, { method: 'POST', body: Buffer.alloc(8 * MiB) });
    const waiting = Array.from({ length: 8 }, post);
    await host.until('eight bodies', () => host.exchanges.length === 8);
    assert.equal((await post()).status, 503);
    assert.equal(host.exchanges[0].takeBody().length, 8 * MiB);
    waiting.push(post());
    await host.until('a ninth', () => host.exchanges.length === 9);
    for (const exchange of host.exchanges) exchange.answer(textAnswer(200, ''));
    for (const response of await Promise.all(waiting)) assert.equal(response.status, 200);
  });

  it('is answered 500 when a worker answers what HTTP cannot', async (t) => {
    const { host, listener } = await open(t, 'ws');
    host.answers = true;
    const ask = async (header: readonly [string, string]): Promise<number> => {
      const before = host.exchanges.length;
      const asked = fetch(`http://127.0.0.1:${listener.context.port}/`);
      await host.until('the request', () => host.exchanges.length > before);
      host.exchanges[before].answer({ status: 200, text: '', headers: [header], body: Buffer.from('ok') });
      return (await asked).status;
    };
    assert.equal(await ask(['X-Split', 'a\r\nX-More: b']), 500);
    assert.equal(await ask(['a b', 'c']), 500);
    assert.deepEqual(
      host.refusals.map(({ kind }) => kind),
      ['http answer', 'http answer'],
    );
    assert.equal(await ask(['X-Fine', 'c']), 200);
  });

  it('says https and who it is for behind a proxy', async (t) => {
    const { host, listener } = await open(t, 'ws', { proxy: 'forwarded', trustedProxies: ['127.0.0.1'] });
    host.answers = true;
    const headers = { 'X-Forwarded-For': '192.0.2.7', 'X-Forwarded-Proto': 'https' };
    const asked = fetch(`http://127.0.0.1:${listener.context.port}/a?b`, { headers });
    await host.until('the request', () => host.exchanges.length === 1);
    const [exchange] = host.exchanges;
    const head = JSON.parse(exchange.head) as { url: string; remoteAddress: string };
    assert.deepEqual(
      [head.url, head.remoteAddress, exchange.url],
      [`https://127.0.0.1:${listener.context.port}/a?b`, '192.0.2.7', '/a?b'],
    );
    exchange.answer(textAnswer(200, ''));
    await asked;
  });
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { Origins } from '#src/gateway/protocols/origins.js';
import { open } from './opening.js';

/** Whether a page of `origin` may open a websocket of `host`. */
function admits(origins: readonly string[] | undefined, origin: string, host = 'chat.example.com'): boolean {
  return new Origins(origins).admit({ origin, host });
}

async function port(t: TestContext, origins?: string[]) {
  const { host, listener } = await open(t, 'ws', { origins });
  return { host, url: listener.context.url };
}

/** The status that a websocket's handshake is answered with. */
async function status(url: string, headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(url, { headers });
  socket.on('error', () => {});
  const refused = once(socket, 'unexpected-response') as Promise<[unknown, IncomingMessage]>;
  const answered = await Promise.race([once(socket, 'open').then(() => 101), refused]);
  socket.terminate();
  return typeof answered === 'number' ? answered : (answered[1].statusCode ?? 0);
}

describe('the origins of a listener', () => {
  it('are those of the host that is asked for, whatever the port and the scheme, where nothing is said', () => {
    assert.ok(admits(undefined, 'https://chat.example.com'));
    assert.ok(admits(undefined, 'http://chat.example.com:5173', 'chat.example.com:8282'));
    assert.ok(admits(undefined, 'https://Chat.Example.com', 'CHAT.example.com'));
    assert.ok(admits(undefined, 'http://[::1]:3000', '[::1]:8282'));
    assert.ok(admits(undefined, 'http://127.0.0.1', '127.0.0.1:8282'));

    assert.ok(!admits(undefined, 'https://example.com'));
    assert.ok(!admits(undefined, 'https://chat.example.com.evil.org'));
    assert.ok(!admits(undefined, 'https://evil.org/chat.example.com'));
    assert.ok(!admits(undefined, 'https://chat.example.com@evil.org'));
    assert.ok(!admits(undefined, 'https://evil.org, https://chat.example.com'));
    assert.ok(!admits(undefined, 'http://[::2]', '[::1]'));
    for (const nobody of ['null', '', 'file://', '*', 'chat.example.com']) {
      assert.ok(!admits(undefined, nobody), nobody);
      assert.ok(!admits(undefined, nobody, ''), nobody);
    }
  });

  it('are those that are listed, with scheme and port', () => {
    const listed = ['https://example.com', 'http://localhost:5173', 'https://a.example.com:443'];
    assert.ok(admits(listed, 'https://example.com'));
    assert.ok(admits(listed, 'https://EXAMPLE.com'));
    assert.ok(admits(listed, 'http://localhost:5173'));
    assert.ok(admits(listed, 'https://a.example.com'));

    assert.ok(!admits(listed, 'http://example.com'));
    assert.ok(!admits(listed, 'https://example.com:8443'));
    assert.ok(!admits(listed, 'http://localhost'));
    assert.ok(!admits(listed, 'https://chat.example.com'), 'the same host, and not listed');
    assert.ok(!admits(listed, 'null'));
  });

  it('may be all below a name', () => {
    const below = ['https://*.example.com'];
    assert.ok(admits(below, 'https://a.example.com'));
    assert.ok(admits(below, 'https://a.b.example.com'));
    assert.ok(!admits(below, 'https://example.com'));
    assert.ok(!admits(below, 'https://badexample.com'));
    assert.ok(!admits(below, 'http://a.example.com'));
    assert.ok(!admits(below, 'https://a.example.com:8443'));
    assert.ok(!admits(below, 'https://a.example.com.evil.org'));
  });

  it('may be all, or nobody’s', () => {
    assert.ok(admits(['*'], 'https://evil.org'));
    assert.ok(admits(['*'], 'null'));
    assert.ok(admits(['*'], 'what is this'));
    assert.ok(admits(['null'], 'null'));
    assert.ok(!admits(['null'], 'https://evil.org'));
    assert.ok(admits(['file://', 'app://localhost'], 'file://'));
    assert.ok(admits(['file://', 'app://localhost'], 'app://localhost'));
  });
});

describe('a handshake of a foreign page', { timeout: 20_000 }, () => {
  it('is answered 403, and logged with what to set', async (t) => {
    const { host, url } = await port(t);
    assert.equal(await status(url, { origin: 'https://evil.example' }), 403);
    const [{ kind, remoteAddress, message }] = host.refusals;
    assert.deepEqual([kind, remoteAddress], ['ws origin', '127.0.0.1']);
    assert.match(message, /"https:\/\/evil\.example".*put its origin into "origins" of the listener ws:/);
    assert.equal(host.clients.length, 0);
  });

  it('comes in when it is listed; the page of the same host and the client without an origin do so by themselves', async (t) => {
    const { url } = await port(t);
    assert.equal(await status(url, { origin: 'http://127.0.0.1' }), 101);
    assert.equal(await status(url, {}), 101);
    const { url: listed } = await port(t, ['https://evil.example']);
    assert.equal(await status(listed, { origin: 'https://evil.example' }), 101);
    assert.equal(await status(listed, { origin: 'http://127.0.0.1' }), 403);
    assert.equal(await status(listed, {}), 101);
  });
});

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { corpus } from '../gateway/protocols/corpus.js';
import { NodeProcess } from '../support/node.js';
import { WsClient } from '../support/ws-client.js';

const LONG = corpus.json(20_000).toString();
const ALL = ['short 1', LONG, 'short 2', `${LONG}again`, corpus.text(200_000).toString()];

/** Bytes that have come to a client. */
function bytesTo({ socket }: WsClient): number {
  return (Reflect.get(socket, '_socket') as Socket).bytesRead;
}

describe('a node with compression', () => {
  it('sends everything to everyone, in order, and what is long compressed to those who have agreed', async (t) => {
    const node = await NodeProcess.start({
      events: 'api',
      gateway: {
        listen: [
          { url: 'ws://127.0.0.1:0', compression: true },
          { url: 'ws://127.0.0.1:0', compression: { level: 9, threshold: 100 } },
          { url: 'ws://127.0.0.1:0' },
        ],
      },
    });
    t.after(() => node.stop());
    const [first, second, plain] = node.urls;
    const clients = [
      await WsClient.connect(first),
      await WsClient.connect(first, { perMessageDeflate: { serverMaxWindowBits: 10 } }),
      await WsClient.connect(second),
      await WsClient.connect(first, { perMessageDeflate: false }),
      await WsClient.connect(plain),
    ];
    assert.deepEqual(
      clients.map(({ socket }) => socket.extensions !== ''),
      [true, true, true, false, false],
    );
    const [asking] = clients;
    // one after the other in one tick: joined into one write for each
    for (const message of ALL) asking.send(JSON.stringify({ call: 'sendToAll', args: [message] }));
    const got = await Promise.all(
      clients.map(async (client) => {
        const messages: unknown[] = [];
        while (messages.length < ALL.length) {
          const message = await client.next();
          // what the one who asks is answered
          if (message !== '{}' && message !== '{"result":true}') messages.push(message);
        }
        return messages;
      }),
    );
    for (const messages of got) assert.deepEqual(messages, ALL);
    const whole = ALL.reduce((sum, message) => sum + Buffer.byteLength(message), 0);
    // the last goes to all as it is
    const [a, b, c, d, e] = clients.map((client) => (bytesTo(client) - 200_000) / (whole - 200_000));
    assert.ok(a < 0.5 && b < 0.6 && c < 0.5, [a, b, c].join());
    assert.ok(d > 1 && e > 1, [d, e].join());
    await Promise.all(clients.map((client) => client.close()));
  });
});

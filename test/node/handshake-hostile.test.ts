import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { bootNode } from '#src/testing/index.js';
import { ws as wsFormat } from '../gateway/protocols/formats.js';
import { fixture } from '../support/fixtures.js';
import { SeededRandom } from '../support/random.js';
import { WsClient } from '../support/ws-client.js';

const SEED = Number(process.env.GW_SEED ?? 20261128);
const ROUNDS = 400;
const AT_ONCE = 50;

const LINES = [
  'Origin: null',
  'Origin: http://127.0.0.1',
  'Sec-WebSocket-Protocol: a, b',
  'Sec-WebSocket-Protocol: ,',
  'Cookie: a=%E0%A4%A; =; ;;b',
  'Cookie: __proto__=1; constructor=2',
  'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=99',
  'Transfer-Encoding: chunked',
  'Content-Length: 5',
  'X-Long: '.padEnd(8000, 'x'),
];
const TARGETS = [
  '/',
  '/?how=refuse',
  '/?how=throw',
  '/?how=return&value=%7B',
  '/?__proto__=1&how=show',
  '//%00?%',
  'http://evil/?how=show',
  '*',
];

/** A handshake, or what is left of it. */
function mutated(random: SeededRandom): Buffer {
  const [, ...rest] = (wsFormat.handshake as string).trimEnd().split('\r\n');
  const lines = [`GET ${random.pick(TARGETS)} HTTP/1.1`, ...rest];
  for (let count = random.below(4); count > 0; count--)
    lines.splice(1 + random.below(lines.length), 0, random.pick(LINES));
  if (random.below(4) === 0) lines.splice(random.below(lines.length), 1);
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
  for (let count = random.below(3); count > 0; count--) bytes[random.below(bytes.length)] = random.below(256);
  return bytes;
}

/** What a client gets that sends this, and perhaps hangs up instead of waiting. */
async function send(port: number, random: SeededRandom): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('error', () => {}).on('data', (chunk: Buffer) => chunks.push(chunk));
  const closed = new Promise<void>((resolve) => void socket.on('close', () => resolve()));
  for (const chunk of random.chunks(mutated(random), 600)) socket.write(chunk);
  if (random.below(3) === 0) socket.write(Buffer.alloc(random.below(200_000), 'early'));
  if (random.below(4) === 0) socket.resetAndDestroy();
  else socket.end();
  await closed;
  return Buffer.concat(chunks).toString('latin1');
}

describe('handshakes that nobody in his senses sends', { timeout: 60_000 }, () => {
  it(`harm nobody (GW_SEED=${SEED})`, async () => {
    const random = new SeededRandom(SEED);
    const listen = [{ url: 'ws://127.0.0.1:0' }];
    const node = await bootNode({
      config: {
        gateway: { listen, maxConnections: 100 },
        worker: { count: 2, events: fixture('events/handshake') },
      },
    });
    try {
      const port = Number(new URL(node.urls[0]).port);
      for (let left = ROUNDS; left > 0; left -= AT_ONCE) {
        const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => send(port, random)));
        for (const answer of answers) assert.match(answer, /^$|^HTTP\/1\.1 (?:101|4\d\d|50[05]) /);
      }
      // all places are free again: 100 clients come in, and one more does not
      const clients = await Promise.all(Array.from({ length: 100 }, () => WsClient.connect(node.urls[0])));
      await assert.rejects(WsClient.connect(node.urls[0]), /503/);
      await Promise.all(clients.map((client) => client.close()));
      assert.deepEqual(
        node.log.filter(({ msg }) => /died|stray/.test(msg)),
        [],
      );
    } finally {
      await node.close();
    }
  });
});

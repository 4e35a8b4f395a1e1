import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Opcode, frame, netstring, netstringModule, ws, wsFrame } from '../gateway/protocols/formats.js';
import { fixture } from '../support/fixtures.js';
import { sendAndEnd, sendAndWait } from '../support/half-client.js';
import { NodeProcess } from '../support/node.js';
import { TextClient } from '../support/text-client.js';

const tls = { cert: fixture('test-only-cert.pem'), key: fixture('test-only-key.pem') };
const folder = await mkdtemp(join(tmpdir(), 'ended-'));
const module = join(folder, 'netstring.mjs');

async function start(events: string, more: { processTimeout?: number } = {}): Promise<NodeProcess> {
  return await NodeProcess.start({
    events,
    worker: more,
    gateway: {
      listen: [
        { url: 'ws://127.0.0.1:0', static: folder },
        { url: 'wss://127.0.0.1:0', static: folder, tls },
        { url: 'text://127.0.0.1:0' },
        { url: 'frame://127.0.0.1:0' },
        { url: 'tcp://127.0.0.1:0', protocol: module },
      ],
    },
  });
}

before(async () => {
  await writeFile(module, netstringModule);
  await writeFile(join(folder, 'index.html'), 'x'.repeat(300_000));
});
after(() => rm(folder, { recursive: true }));

const words = ['one', 'two', 'three', 'four', 'five'];

describe('a client that closes its side right behind its last message', { timeout: 60_000 }, () => {
  let node: NodeProcess;
  before(async () => (node = await start('echo')));
  after(() => node.stop());

  for (const [scheme, format] of [
    ['frame', frame],
    ['tcp', netstring],
  ] as const) {
    it(`${scheme}: gets every answer, then the end`, async () => {
      const bytes = Buffer.concat(words.map((word) => format.pack(Buffer.from(word))));
      for (let time = 0; time < 5; time++) {
        assert.deepEqual(await sendAndEnd(node.url(scheme), bytes), bytes);
      }
    });
  }

  for (const [what, end] of [
    ['a last line that is ended', '\n'],
    ['a last line that is not', ''],
    ['a last line that ends in a return', '\r'],
  ]) {
    it(`text: gets every answer, ${what} included, then the end`, async () => {
      for (let time = 0; time < 5; time++) {
        const answer = await sendAndEnd(node.url('text'), words.join('\n') + end);
        assert.equal(String(answer), `${words.join('\n')}\n`);
      }
    });
  }

  it('text: one that says nothing has nothing to wait for', async () => {
    assert.equal((await sendAndEnd(node.url('text'), '')).length, 0);
  });

  for (const scheme of ['ws', 'wss']) {
    it(`${scheme}: a websocket that ends without a close frame gets its answers`, async () => {
      const bytes = Buffer.concat([
        Buffer.from(ws.handshake as string),
        ...words.map((word) => ws.pack(Buffer.from(word))),
      ]);
      const answer = (await sendAndEnd(node.url(scheme), bytes)).toString('latin1');
      assert.equal(answer.slice(answer.indexOf('\r\n\r\n') + 4), words.map(serverFrame).join(''));
    });

    it(`${scheme}: a request for a file, or for the health, is answered`, async () => {
      for (const [path, length] of [
        ['/', 300_000],
        ['/healthz', 15],
      ] as const) {
        const answer = String(await sendAndEnd(node.url(scheme), `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`));
        assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
        assert.equal(answer.slice(answer.indexOf('\r\n\r\n') + 4).length, length);
      }
    });
  }
});

describe('a half-closed client whose handlers take long', { timeout: 60_000 }, () => {
  it('waits for a handler that is pending, and then gets all answers', async (t) => {
    const node = await start('hold');
    t.after(() => node.stop());
    const answer = sendAndEnd(node.url('text'), 'hold\nword\nquery\n');
    const other = await TextClient.connect(node.url('text'));
    await other.next();
    await node.until('its handler', ({ workers }) => workers[0].pending === 1);
    other.send('release');
    const [, ...lines] = String(await answer).split('\n');
    assert.deepEqual(lines, ['word', '2', '']);
    await other.close();
  });

  it('waits no longer than processTimeout', async (t) => {
    const node = await start('crash', { processTimeout: 0.3 });
    t.after(() => node.stop());
    assert.equal(String(await sendAndEnd(node.url('text'), 'hold\nword\n')), 'word\n');
  });

  it('gets the answers of the thread that comes after one that died', async (t) => {
    const node = await start('crash');
    t.after(() => node.stop());
    assert.equal(String(await sendAndEnd(node.url('text'), 'count\nexit\ncount\nlast')), '1\n2\nlast\n');
  });
});

/*
 * The cases of the Autobahn testsuite (https://github.com/crossbario/autobahn-testsuite) in which a good message is
 * followed by what is forbidden: it is to be echoed, then the connection is closed.
 */
const hello = Buffer.from('Hello, world!');
const good = wsFrame(Opcode.text, hello);
const ping = wsFrame(Opcode.ping, Buffer.alloc(0));
const echo = serverFrame(String(hello));
const REFUSED = '\x88\x02\x03\xea';

const CASES: Record<string, Buffer[]> = {
  '3.2': [good, withFirst(good, 0x20), ping],
  '3.3': [good, withFirst(good, 0x30), ping],
  '3.4': [good, withFirst(good, 0x40), ping],
  '4.1.3': [good, wsFrame(5, Buffer.alloc(0)), ping],
  '4.1.4': [good, wsFrame(6, hello), ping],
  '4.1.5': [good, wsFrame(7, hello), ping],
  '4.2.3': [good, wsFrame(13, Buffer.alloc(0)), ping],
  '4.2.4': [good, wsFrame(14, hello), ping],
  '4.2.5': [good, wsFrame(15, hello), ping],
  '5.15': [
    wsFrame(Opcode.text, hello.subarray(0, 5), false),
    wsFrame(Opcode.continuation, hello.subarray(5)),
    wsFrame(Opcode.continuation, Buffer.from('fragment3'), false),
    wsFrame(Opcode.text, Buffer.from('fragment4')),
  ],
};

describe('a message in the same write as what ends the connection', { timeout: 60_000 }, () => {
  let node: NodeProcess;
  before(async () => (node = await start('echo')));
  after(() => node.stop());

  for (const scheme of ['ws', 'wss']) {
    for (const [name, frames] of Object.entries(CASES)) {
      it(`${scheme}: Autobahn ${name}: is answered before the close frame`, async () => {
        assert.equal(await exchange(node.url(scheme), Buffer.concat(frames)), echo + REFUSED);
      });
    }

    it(`${scheme}: a close frame, which is answered behind it`, async () => {
      const close = wsFrame(Opcode.close, Buffer.from('\x03\xe8bye', 'latin1'));
      const answer = await exchange(node.url(scheme), Buffer.concat([good, good, close]));
      assert.equal(answer, `${echo}${echo}\x88\x05\x03\xe8bye`);
    });
  }

  for (const [scheme, message, forbidden] of [
    ['frame', frame.pack(hello), Buffer.from([0, 0, 0, 1])],
    ['tcp', netstring.pack(hello), Buffer.from('no length at all')],
  ] as const) {
    it(`${scheme}: what is forbidden`, async () => {
      const answer = await exchange(node.url(scheme), Buffer.concat([message, forbidden, message]), '');
      assert.equal(answer, String(message));
    });
  }
});

/** What comes back behind the handshake, if there is one. */
async function exchange(url: string, bytes: Buffer, handshake = ws.handshake as string): Promise<string> {
  const answer = (await sendAndWait(url, Buffer.concat([Buffer.from(handshake), bytes]))).toString('latin1');
  return handshake === '' ? answer : answer.slice(answer.indexOf('\r\n\r\n') + 4);
}

/** A short text message as a server sends it. */
function serverFrame(message: string): string {
  return `\x81${String.fromCharCode(message.length)}${message}`;
}

/** The same frame with other bits in its first byte. */
function withFirst(bytes: Buffer, bits: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[0] |= bits;
  return changed;
}

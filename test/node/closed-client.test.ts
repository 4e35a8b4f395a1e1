import assert from 'node:assert/strict';
import { type Socket, connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { wsFrame } from '../gateway/protocols/formats.js';
import { NodeProcess } from '../support/node.js';
import { WsClient } from '../support/ws-client.js';

const CALLS = [
  'close',
  'destroy',
  'closeClient',
  'destroyClient',
  'closeCurrentClient',
  'destroyCurrentClient',
  'timer',
] as const;
const TEXT = 1;
const CLOSE = 8;
/** How a close frame begins; nothing else here has this byte. */
const CLOSE_FRAME = 0x88;
const MESSAGES = 50;

/** Sends in one piece, or each part once the one before has left. */
async function write(socket: Socket, parts: readonly (string | Buffer)[], pieces: string): Promise<void> {
  const bytes = parts.map((part) => Buffer.from(part));
  for (const piece of pieces === 'one write' ? [Buffer.concat(bytes)] : bytes) {
    await new Promise<void>((resolve) => void socket.write(piece, () => resolve()));
  }
}

describe('a client that its worker has closed', () => {
  let node: NodeProcess;
  let witness: WsClient;
  let clients = 0;

  before(async () => {
    const listen = ['ws://127.0.0.1:0', 'text://127.0.0.1:0'].map((url) => ({ url }));
    node = await NodeProcess.start({ events: 'refuse', gateway: { listen } });
    witness = await WsClient.connect(node.url('ws'));
  });
  after(async () => {
    witness.socket.terminate();
    await node.stop();
  });

  /** What was handled of a client from its refusal on, once it is gone; and once more, should something come late. */
  async function fate(name: string): Promise<unknown> {
    witness.send(`fate ${name}`);
    const first = await witness.nextJson();
    witness.send(`fate ${name}`);
    assert.deepEqual(await witness.nextJson(), first);
    return first;
  }

  function open(scheme: string): Socket {
    const { port, hostname } = new URL(node.url(scheme));
    const socket = connect(Number(port), hostname);
    // a refused one may be reset; a websocket answers the close frame, and else each side ends when the other does
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      if (bytes.includes(CLOSE_FRAME)) socket.end(wsFrame(CLOSE, Buffer.alloc(0)));
    });
    return socket;
  }

  for (const call of CALLS) {
    for (const when of ['at-once', 'later']) {
      for (const pieces of ['one write', 'several writes']) {
        it(`websocket, ${call}, ${when}, ${pieces}: only its end is handled`, async () => {
          const name = `client-${++clients}`;
          const socket = open('ws');
          const handshake = [
            `GET /?name=${name}&call=${call}&when=${when} HTTP/1.1`,
            'Host: localhost',
            'Connection: Upgrade',
            'Upgrade: websocket',
            'Sec-WebSocket-Version: 13',
            'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
            '\r\n',
          ].join('\r\n');
          const frames = Array.from({ length: MESSAGES }, (_, n) => wsFrame(TEXT, Buffer.from(`act ${n}`)));
          await write(socket, [handshake, ...frames], pieces);
          assert.deepEqual(await fate(name), ['refused', 'onClose']);
          socket.destroy();
        });

        it(`text, ${call}, ${when}, ${pieces}: only its end is handled`, async () => {
          const name = `client-${++clients}`;
          const socket = open('text');
          const lines = Array.from({ length: MESSAGES }, (_, n) => `act ${n}\n`);
          await write(socket, [`refuse ${name} ${call} ${when}\n`, ...lines], pieces);
          assert.deepEqual(await fate(name), ['refused', 'onClose']);
          socket.destroy();
        });
      }
    }
  }
});

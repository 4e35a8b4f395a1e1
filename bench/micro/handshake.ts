import assert from 'node:assert/strict';
import {
  type HandshakeFields,
  decodeHandshake,
  encodeHandshake,
  toPhpHandshake,
} from '#src/wire/handshake.js';
import { type Suite, repeated } from './suite.js';

/** What a browser sends. */
const request: HandshakeFields = {
  method: 'GET',
  url: '/chat?room=17&token=c2VjcmV0',
  httpVersion: '1.1',
  headers: {
    host: 'chat.example:8282',
    connection: 'Upgrade',
    pragma: 'no-cache',
    'cache-control': 'no-cache',
    'user-agent':
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
    upgrade: 'websocket',
    origin: 'https://chat.example',
    'sec-websocket-version': '13',
    'accept-encoding': 'gzip, deflate, br, zstd',
    'accept-language': 'en-US,en;q=0.9',
    cookie: 'session=3f1c6f9a; theme=dark',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits',
  },
  remoteAddress: '10.0.0.1',
  remotePort: 40_000,
  serverPort: 8282,
};

/** Every client that comes is described to its worker, and read there only if onWebSocketConnect is defined. */
export const handshake: Suite = {
  name: 'handshake',
  title: 'tell a worker of a browser’s handshake',
  prepare() {
    const ours = encodeHandshake(request);
    const php = toPhpHandshake(ours);
    assert.deepEqual(decodeHandshake(ours), decodeHandshake(php));
    return [
      repeated('our worker: encode', () => encodeHandshake(request)),
      repeated('PHP’s worker: encode, out of ours', () => toPhpHandshake(ours)),
      repeated('our worker: decode ours', () => decodeHandshake(ours)),
      repeated('our worker: decode a PHP gateway’s', () => decodeHandshake(php)),
    ];
  },
};

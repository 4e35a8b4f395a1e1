import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseListenUrl } from '#src/config/listen-url.js';

describe('parseListenUrl', () => {
  const accepted = [
    ['ws://0.0.0.0:8282', { scheme: 'ws', transport: 'tcp', host: '0.0.0.0', port: 8282 }],
    ['wss://example.org:443', { scheme: 'wss', transport: 'tcp', host: 'example.org', port: 443 }],
    ['ws://localhost:80', { scheme: 'ws', transport: 'tcp', host: 'localhost', port: 80 }],
    ['text://127.0.0.1:0', { scheme: 'text', transport: 'tcp', host: '127.0.0.1', port: 0 }],
    ['frame://[::1]:65535', { scheme: 'frame', transport: 'tcp', host: '::1', port: 65_535 }],
    ['tcp://[::]:9000', { scheme: 'tcp', transport: 'tcp', host: '::', port: 9000 }],
    ['udp://0.0.0.0:9000', { scheme: 'udp', transport: 'udp', host: '0.0.0.0', port: 9000 }],
  ] as const;
  for (const [url, parts] of accepted) {
    it(`takes ${url} apart`, () => assert.deepEqual(parseListenUrl(url), parts));
  }

  const refused = [
    ['', /expected scheme:\/\/host:port, such as ws:/],
    ['8282', /expected scheme:\/\/host:port/],
    ['ws://0.0.0.0', /expected scheme:\/\/host:port/],
    ['ws://:8282', /expected a host name or an address/],
    ['ws://0.0.0:8282', /expected a host name or an address/],
    ['ws://256.0.0.1:8282', /expected a host name or an address/],
    ['ws://user@host:8282', /expected a host name or an address/],
    ['ws://0.0.0.0:65536', /expected a port from 0 to 65535/],
    ['ws://0.0.0.0:-1', /expected a port from 0 to 65535/],
    ['ws://0.0.0.0:80/chat', /expected a port from 0 to 65535 at the end, and nothing after it/],
    ['ws://0.0.0.0:', /expected a port from 0 to 65535/],
    ['ws://::1:8282', /expected an IPv6 address in brackets/],
    ['ws://[::1', /expected scheme:\/\/host:port/],
    ['ws://[1.2.3.4]:80', /expected an IPv6 address inside the brackets/],
    ['wsss://0.0.0.0:80', /schemes ws, wss, text, frame, tcp, udp; did you mean "wss"\?/],
    ['websocket://0.0.0.0:80', /did you mean "ws"\?/],
    ['https://0.0.0.0:80', /did you mean "wss"\?/],
    ['constructor://0.0.0.0:80', /expected one of the schemes [a-z, ]+$/],
  ] as const;
  for (const [url, message] of refused) {
    it(`refuses ${JSON.stringify(url)}`, () => {
      assert.throws(() => parseListenUrl(url), { name: 'GatewayError', code: 'GW_CONFIG', message });
      assert.throws(
        () => parseListenUrl(url),
        (error: Error) => error.message.startsWith(`found ${JSON.stringify(url)}, `),
      );
    });
  }
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatListenUrl, parseListenUrl } from '#src/config/listen-url.js';

describe('parseListenUrl', () => {
  const accepted = [
    ['ws://0.0.0.0:8282', { scheme: 'ws', transport: 'tcp', host: '0.0.0.0', port: 8282 }],
    ['wss://example.org:443', { scheme: 'wss', transport: 'tcp', host: 'example.org', port: 443 }],
    ['ws://localhost:80', { scheme: 'ws', transport: 'tcp', host: 'localhost', port: 80 }],
    ['text://127.0.0.1:0', { scheme: 'text', transport: 'tcp', host: '127.0.0.1', port: 0 }],
    ['frame://[::1]:65535', { scheme: 'frame', transport: 'tcp', host: '::1', port: 65_535 }],
    ['tcp://[::]:9000', { scheme: 'tcp', transport: 'tcp', host: '::', port: 9000 }],
    ['udp://0.0.0.0:9000', { scheme: 'udp', transport: 'udp', host: '0.0.0.0', port: 9000 }],
    [
      'ws+unix:/run/chat.sock',
      { scheme: 'ws', transport: 'unix', host: '', port: 0, path: '/run/chat.sock' },
    ],
    ['text+unix:a:b c.sock', { scheme: 'text', transport: 'unix', host: '', port: 0, path: 'a:b c.sock' }],
    ['wss+unix:///run/s', { scheme: 'wss', transport: 'unix', host: '', port: 0, path: '/run/s' }],
  ] as const;
  for (const [url, parts] of accepted) {
    it(`takes ${url} apart, and puts it together`, () => {
      assert.deepEqual(parseListenUrl(url), { path: '', ...parts });
      assert.equal(formatListenUrl(parseListenUrl(url)), url.replace('///', '/'));
    });
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
    ['udp+unix:/run/chat.sock', /expected another scheme: udp has no unix sockets/],
    ['websocket+unix:/run/chat.sock', /expected one of the schemes ws, [a-z, ]+; did you mean "ws"\?/],
    ['unix:///run/chat.sock', /expected a protocol as well, such as ws\+unix:\/run\/chat\.sock/],
    ['unix:/run/chat.sock', /expected a protocol as well, such as ws\+unix:\/run\/chat\.sock/],
    ['ws+unix:', /expected the path of a socket after the colon, such as ws\+unix:\/run\/chat\.sock/],
    ['ws+unix:/run/', /expected the path of a socket after the colon/],
    ['ws+unix://run/chat.sock', /expected the path of a socket after the colon, .*, without \/\/ before it/],
    [
      'ws+unix:////run/chat.sock',
      /expected the path of a socket after the colon, .*, without \/\/ before it/,
    ],
    ['ws+unix:/run/\0', /expected the path of a socket after the colon/],
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

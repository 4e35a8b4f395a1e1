import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import { type ConnectionOptions, type TLSSocket, connect } from 'node:tls';
import { altNamesOf } from '#src/gateway/protocols/alt-names.js';
import type { ListenerOptions } from '#src/gateway/protocols/listener-context.js';
import type { Listener } from '#src/gateway/protocols/protocol.js';
import { fixture } from '../../support/fixtures.js';
import type { ProtocolHost } from '../../support/protocol-host.js';
import { ws } from './formats.js';
import { open } from './opening.js';

type Tls = NonNullable<ListenerOptions['tls']>;

const folder = await mkdtemp(join(tmpdir(), 'tls-'));
after(() => rm(folder, { recursive: true }));

function pair(name: string): { cert: string; key: string } {
  return { cert: fixture(`tls/${name}.pem`), key: fixture(`tls/${name}.key`) };
}

/** What a client shows of itself. */
async function shown(name: string): Promise<ConnectionOptions> {
  const { cert, key } = pair(name);
  return { cert: await readFile(cert), key: await readFile(key) };
}

async function dial(t: TestContext, listener: Listener, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const { port } = new URL(listener.context.url);
  const socket = connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false, ...options });
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  return socket;
}

/** The common name of the certificate that a client is shown who asks for this name. */
async function commonName(t: TestContext, listener: Listener, servername?: string): Promise<string> {
  const socket = await dial(t, listener, servername === undefined ? {} : { servername });
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return String(CN);
}

async function refused(host: ProtocolHost, kind: string): Promise<ProtocolHost['refusals'][number]> {
  await host.until('the refusal', () => host.refusals.length > 0);
  assert.deepEqual(
    host.refusals.map((refusal) => refusal.kind),
    [kind],
  );
  return host.refusals[0];
}

for (const scheme of ['wss', 'text'] as const) {
  describe(`certificates of ${scheme} with TLS`, { timeout: 20_000 }, () => {
    it('are read anew while clients stay, and a bad one changes nothing', async (t) => {
      const files = { cert: join(folder, `${scheme}.pem`), key: join(folder, `${scheme}.key`) };
      const put = async (cert: string, key = cert): Promise<void> => {
        await copyFile(pair(cert).cert, files.cert);
        await copyFile(pair(key).key, files.key);
      };
      await put('chat');
      const { host, listener } = await open(t, scheme, { tls: files });
      const { tls } = listener.context;
      assert.ok(tls);
      const client = await dial(t, listener);
      assert.equal(await commonName(t, listener), 'chat');

      await put('chat-renewed', 'chat');
      await assert.rejects(tls.read(), {
        code: 'GW_TLS',
        message: `${files.key} (tls.key of ${listener.context.options.url}) is not the key of the certificate in ${files.cert}, which has to be the first in its file. The certificates that are in use stay.`,
      });
      assert.equal(await commonName(t, listener), 'chat');

      await put('chat-renewed');
      tls.use(await tls.read());
      assert.equal(await commonName(t, listener), 'chat-renewed');

      client.write(scheme === 'wss' ? 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n' : 'still here\n');
      if (scheme === 'wss') assert.match(String(await once(client, 'data')), /^HTTP\/1\.1 200 /);
      else await host.until('its message', () => String(host.messages[0]?.data) === 'still here');
    });

    it('are shown by name', async (t) => {
      const { listener } = await open(t, scheme, { tls: { ...pair('chat'), sni: [pair('game')] } });
      for (const [asked, found] of [
        ['game.test', 'game'],
        ['GAME.test', 'game'],
        ['chess.games.test', 'game'],
        ['a.chess.games.test', 'chat'],
        ['games.test', 'chat'],
        ['chat.test', 'chat'],
        ['nobody.test', 'chat'],
        [undefined, 'chat'],
      ] as const) {
        assert.equal(await commonName(t, listener, asked), found, asked);
      }
      const { tls } = listener.context;
      assert.deepEqual(tls?.certificates.names, ['chat.test', 'localhost', 'game.test', '*.games.test']);
    });

    it('tells who does not speak TLS, and ends him', async (t) => {
      const { host, listener } = await open(t, 'text', { tls: pair('chat') });
      const { port } = new URL(listener.context.url);
      const plain = (await import('node:net')).connect(Number(port), '127.0.0.1').on('error', () => {});
      t.after(() => plain.destroy());
      plain.write('hello\n');
      assert.equal((await refused(host, 'tls')).remoteAddress, '127.0.0.1');
      await once(plain.resume(), 'close');
      assert.deepEqual(host.clients, []);
    });

    it('go with the versions that are asked for', async (t) => {
      const old = { maxVersion: 'TLSv1.2' } as const;
      const { listener } = await open(t, scheme, { tls: pair('chat') });
      assert.equal((await dial(t, listener, old)).getProtocol(), 'TLSv1.2');
      const { listener: strict } = await open(t, scheme, { tls: { ...pair('chat'), minVersion: 'TLSv1.3' } });
      assert.equal((await dial(t, strict)).getProtocol(), 'TLSv1.3');
      await assert.rejects(dial(t, strict, old), /protocol version/);
    });
  });

  describe(`certificates of clients of ${scheme} with TLS`, { timeout: 20_000 }, () => {
    const asking: Tls = {
      ...pair('chat'),
      sni: [pair('game')],
      requestCert: true,
      ca: fixture('tls/ca.pem'),
    };

    for (const servername of ['chat.test', 'game.test']) {
      it(`let in who has one, by ${servername}`, async (t) => {
        const { host, listener } = await open(t, scheme, { tls: asking });
        const client = await dial(t, listener, { ...(await shown('device')), servername });
        if (scheme === 'wss') client.write(ws.handshake ?? '');
        await host.until('the client', () => host.clients.length === 1);
        if (scheme === 'wss') {
          const certificate = host.handshakes[0]?.certificate;
          assert.ok(certificate);
          const { fingerprint256, serialNumber, ...rest } = certificate;
          assert.match(fingerprint256, /^[\dA-F]{2}(:[\dA-F]{2}){31}$/);
          assert.match(serialNumber, /^[\dA-F]+$/);
          const { validFrom, validTo } = rest;
          assert.ok(Date.parse(validFrom) < Date.now() && Date.parse(validTo) > Date.now());
          assert.deepEqual(rest, {
            subject: { O: 'Acme', CN: 'device-7', OU: ['a', 'b'] },
            issuer: { CN: 'tests only' },
            altNames: ['DNS:device-7.test', 'URI:urn:device:7,8'],
            validFrom,
            validTo,
          });
        }
      });

      for (const [who, certificate, why] of [
        ['nothing', undefined, /^The client has shown no certificate;/],
        ['one of another authority', 'intruder', /^The client's certificate is refused: [A-Z_]+; expected/],
      ] as const) {
        it(`keep out who shows ${who}, by ${servername}`, async (t) => {
          const { host, listener } = await open(t, scheme, { tls: asking });
          const client = await dial(t, listener, {
            ...(certificate && (await shown(certificate))),
            servername,
            maxVersion: 'TLSv1.2', // a client that speaks 1.3 is done before it is refused
          }).catch(() => undefined);
          client?.write(ws.handshake ?? '');
          const { message, remoteAddress } = await refused(host, 'tls client certificate');
          assert.match(message, why);
          assert.equal(remoteAddress, '127.0.0.1');
          assert.deepEqual(host.clients, []);
        });
      }
    }

    it('are asked for and not needed with rejectUnauthorized: false, and then count only if they are good', async (t) => {
      const { host, listener } = await open(t, scheme, { tls: { ...asking, rejectUnauthorized: false } });
      for (const certificate of [undefined, 'intruder', 'device']) {
        const [, client] = await host.join(async () => {
          const socket = await dial(t, listener, certificate === undefined ? {} : await shown(certificate));
          if (scheme === 'wss') socket.write(ws.handshake ?? '');
          return socket;
        });
        assert.ok(!client.destroyed);
      }
      if (scheme === 'text') return;
      const names = host.handshakes.map((handshake) => handshake?.certificate?.subject.CN);
      assert.deepEqual(names, [undefined, undefined, 'device-7']);
    });
  });
}

/** A file with this in it. */
async function file(text: string): Promise<string> {
  const path = join(folder, 'other.pem');
  await writeFile(path, text);
  return path;
}

describe('a listener does not open', () => {
  const CASES: [string, () => Tls | Promise<Tls>, RegExp][] = [
    [
      'without its certificate',
      () => ({ ...pair('chat'), cert: '/no/cert.pem' }),
      /^\/no\/cert\.pem \(tls\.cert of text:\S+\) cannot be read: ENOENT\.$/,
    ],
    [
      'with a file that is none',
      async () => ({ ...pair('chat'), cert: await file('hello') }),
      /other\.pem \(tls\.cert of text:\S+\) has no certificate: .+; expected PEM\.$/,
    ],
    ['with files swapped', () => ({ cert: pair('chat').key, key: pair('chat').cert }), /has no certificate/],
    [
      'with a key that is none',
      async () => ({ ...pair('chat'), key: await file('hello') }),
      /other\.pem \(tls\.key of text:\S+\) has no private key: .+; expected PEM\.$/,
    ],
    [
      'with an encrypted key',
      () => ({ ...pair('chat'), key: fixture('tls/chat-encrypted.key') }),
      /chat-encrypted\.key \(tls\.key of text:\S+\) is encrypted; expected one without a passphrase \("openssl pkey/,
    ],
    [
      'with a further certificate without a name',
      () => ({ ...pair('chat'), sni: [pair('nameless')] }),
      /nameless\.pem \(tls\.sni of text:\S+\) has no DNS name \(subjectAltName\)/,
    ],
    [
      'with a further certificate and another key',
      () => ({ ...pair('chat'), sni: [{ ...pair('game'), key: pair('chat').key }] }),
      /chat\.key \(tls\.key of text:\S+\) is not the key of the certificate in \S+game\.pem/,
    ],
    [
      'with authorities that are none',
      () => ({ ...pair('chat'), requestCert: true, ca: pair('chat').key }),
      /chat\.key \(tls\.ca of text:\S+\) has no certificate; expected PEM\.$/,
    ],
    [
      'with an authority that cannot be read, behind a good one',
      async () => {
        const good = await readFile(fixture('tls/ca.pem'), 'utf8');
        return {
          ...pair('chat'),
          requestCert: true,
          ca: await file(good + good.replace(/\n.{8}/, '\nhello!!!')),
        };
      },
      /other\.pem \(tls\.ca of text:\S+\) has no certificate: /,
    ],
  ];
  for (const [what, tls, message] of CASES) {
    it(what, async (t) => {
      await assert.rejects(open(t, 'text', { tls: await tls() }), { code: 'GW_TLS', message });
    });
  }
});

describe('altNamesOf', () => {
  it('takes apart what Node has in one text', () => {
    assert.deepEqual(altNamesOf(), []);
    assert.deepEqual(altNamesOf('DNS:a.test, IP Address:10.0.0.1, URI:"a, DNS:b.test", email:x@a.test'), [
      'DNS:a.test',
      'IP Address:10.0.0.1',
      'URI:a, DNS:b.test',
      'email:x@a.test',
    ]);
    assert.deepEqual(altNamesOf('DNS:"\\x", IP Address:2001:DB8:0:0:0:0:0:1'), [
      'DNS:"\\x"',
      'IP Address:2001:DB8:0:0:0:0:0:1',
    ]);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeHandshake, encodeHandshake, toPhpHandshake } from '#src/wire/handshake.js';
import { serialize, toPlain, unserialize } from '#src/wire/php-serialize.js';

function handshake(url: string, headers: Readonly<Record<string, string>> = {}): Buffer {
  return encodeHandshake({
    method: 'GET',
    url,
    httpVersion: '1.1',
    headers: { host: 'chat.example:8282', ...headers },
    remoteAddress: '10.0.0.1',
    remotePort: 40_000,
    serverPort: 8282,
  });
}

/** A part of what PHP would get. */
function forPhp(part: 'get' | 'server' | 'cookie', body: Buffer): unknown {
  return (toPlain(unserialize(toPhpHandshake(body))) as Record<string, unknown>)[part];
}

/** The handshake of a client of Socket.IO, for a namespace. @param auth as it came */
function asked(auth: string): Buffer {
  return encodeHandshake({ ...JSON.parse(handshake('/').toString()), namespace: '/admin', auth });
}

describe('a websocket handshake', () => {
  const url = '/chat?list[]=x&list[]=y&dot.ted=a%20b&__proto__=1';
  const cookie = 'a=b%20c; d="e"; __proto__=f; =g; h=i=j; k';

  it('is given to handlers decoded, by ours', () => {
    const body = handshake(url, { cookie, 'x-forwarded-for': '10.0.0.9' });
    const { query, queryAll, cookies, ...rest } = decodeHandshake(body);
    assert.deepEqual(Object.entries(query), [
      ['list[]', 'y'],
      ['dot.ted', 'a b'],
      ['__proto__', '1'],
    ]);
    assert.deepEqual(Object.entries(queryAll), [
      ['list[]', ['x', 'y']],
      ['dot.ted', ['a b']],
      ['__proto__', ['1']],
    ]);
    assert.deepEqual(Object.entries(cookies), [
      ['a', 'b c'],
      ['d', 'e'],
      ['__proto__', 'f'],
      ['', 'g'],
      ['h', 'i=j'],
    ]);
    assert.deepEqual(rest, {
      url,
      headers: Object.assign(Object.create(null) as object, {
        host: 'chat.example:8282',
        cookie,
        'x-forwarded-for': '10.0.0.9',
      }),
      remoteAddress: '10.0.0.1',
      subprotocol: null,
      certificate: null,
      namespace: null,
      auth: null,
    });
  });

  it('has what a client of Socket.IO asks for, and gives', () => {
    const { namespace, auth } = decodeHandshake(asked('{"token":"x"}'));
    assert.deepEqual({ namespace, auth }, { namespace: '/admin', auth: { token: 'x' } });
    // which anybody may send
    for (const text of ['[1]', '7', 'null', '{"cut', ''])
      assert.equal(decodeHandshake(asked(text)).auth, null);
  });

  it('is given to handlers alike, by a PHP gateway', () => {
    const body = handshake(url, { cookie });
    assert.deepEqual(decodeHandshake(toPhpHandshake(body)), decodeHandshake(body));
  });

  it('has the client’s own address where a PHP gateway does not repeat it', () => {
    const body = serialize({ get: [], server: { REQUEST_URI: '/' }, cookie: [] });
    assert.equal(decodeHandshake(body, '10.0.0.7').remoteAddress, '10.0.0.7');
    const told = serialize({ get: [], server: { REMOTE_ADDR: '10.0.0.8' }, cookie: [] });
    assert.equal(decodeHandshake(told, '10.0.0.7').remoteAddress, '10.0.0.8');
  });

  it('has no query and no cookies where there are none', () => {
    const body = handshake('/');
    const { query, cookies } = decodeHandshake(body);
    assert.deepEqual([Object.keys(query), Object.keys(cookies)], [[], []]);
    assert.deepEqual([forPhp('get', body), forPhp('cookie', body)], [[], []]);
  });

  it('is given to PHP as $_GET, and with cookies as they came', () => {
    const body = handshake(url, { cookie });
    const get = forPhp('get', body) as Record<string, unknown>;
    assert.deepEqual(Object.entries(get), [
      ['list', ['x', 'y']],
      ['dot_ted', 'a b'],
      ['__proto__', '1'],
    ]);
    assert.deepEqual(Object.entries(forPhp('cookie', body) as object), [
      ['a', 'b%20c'],
      ['d', '"e"'],
      ['__proto__', 'f'],
      ['', 'g'],
      ['h', 'i=j'],
    ]);
  });

  it('is given to PHP in the bytes that came', () => {
    const utf8 = Buffer.from('é').toString('latin1');
    const body = handshake('/', { cookie: `name=${utf8}`, 'x-raw': '\xe9' });
    assert.deepEqual(forPhp('cookie', body), { name: 'é' });
    const server = forPhp('server', body) as Record<string, unknown>;
    assert.deepEqual(server.HTTP_X_RAW, Buffer.from([0xe9]));
  });

  it('that is none is refused', () => {
    for (const value of [null, [], { server: 'x' }]) {
      assert.throws(() => decodeHandshake(serialize(value)), { code: 'GW_FRAME' });
    }
    assert.throws(() => decodeHandshake(Buffer.from('O:1:"A":0:{}')), { code: 'GW_SERIALIZE' });
    for (const ours of ['{', '{}', '{"url":"/","headers":null}', '{"url":1,"headers":{}}']) {
      assert.throws(() => decodeHandshake(Buffer.from(ours)), { code: 'GW_FRAME' });
      assert.throws(() => toPhpHandshake(Buffer.from(ours)), { code: 'GW_FRAME' });
    }
  });
});

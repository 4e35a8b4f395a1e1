import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type DatabaseOptions, database } from '#src/database/index.js';
import { addressText, parseDatabaseUrl } from '#src/database/url.js';

describe('the url of a database', () => {
  it('names a server, with what has to be written as %40 and the like', () => {
    const address = parseDatabaseUrl('mysql://a%40b:p%2Fw@db.example:3307/shop?tls=on&connectTimeout=500');
    assert.deepEqual(address, {
      dialect: 'mysql',
      host: 'db.example',
      port: 3307,
      user: 'a@b',
      password: 'p/w',
      database: 'shop',
      socketPath: undefined,
      tls: 'verify',
      connectTimeout: 500,
    });
    assert.equal(addressText(address), 'mysql://db.example:3307/shop');
  });

  it('takes an IPv6 address, and a socket', () => {
    assert.equal(addressText(parseDatabaseUrl('mysql://ann@[::1]/x')), 'mysql://[::1]:3306/x');
    assert.equal(
      addressText(parseDatabaseUrl('mariadb://ann@localhost/x?socket=/run/db')),
      'mysql:///run/db/x',
    );
  });

  it('names a file, or memory', () => {
    assert.equal(addressText(parseDatabaseUrl('sqlite:/data/chat.db')), 'sqlite:/data/chat.db');
    assert.equal(addressText(parseDatabaseUrl('sqlite:///data/chat.db')), 'sqlite:/data/chat.db');
    assert.deepEqual(parseDatabaseUrl('sqlite::memory:'), { dialect: 'sqlite', file: ':memory:' });
  });

  const wrong = [
    [undefined, /it is no string/],
    ['', /an empty one/],
    ['postgres://ann:t0psecret@host/x', /its scheme is postgres/],
    ['mysql://ann:t0p/secret@host/x', /it cannot be read: a %, @, \/ or :/],
    ['mysql://ann:t0psecret%@host/x', /it cannot be read/],
    ['mysql://ann:t0psecret@host/x?ssl=1', /it has the option ssl/],
    ['mysql://ann:t0psecret@host/x?tls=maybe', /none of off, on and insecure/],
    ['mysql://ann:t0psecret@host/x?connectTimeout=soon', /no number of milliseconds/],
    ['sqlite:', /it names no file/],
    ['ann:t0psecret@host', /its scheme is ann|no scheme/],
  ] as const;
  for (const [url, message] of wrong) {
    it(`is refused, without its password in the message: ${message}`, () => {
      assert.throws(
        () => database({ url } as DatabaseOptions),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, 'GW_DATABASE');
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /t0p/);
          return true;
        },
      );
    });
  }
});

describe('the options of a database', () => {
  for (const [options, message] of [
    [undefined, /no options/],
    [{ url: 'sqlite::memory:', pool: 3 }, /no option pool; the options are url, poolSize, slow/],
    [{ url: 'sqlite::memory:', poolSize: 0 }, /poolSize 0; expected a whole number/],
    [{ url: 'sqlite::memory:', slow: 'x' }, /slow x; expected milliseconds, or false/],
  ] as const) {
    it(`are refused: ${message}`, () => {
      assert.throws(() => database(options as unknown as DatabaseOptions), { code: 'GW_SQL', message });
    });
  }
});

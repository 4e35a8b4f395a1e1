import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadJson, refusal } from '../support/config-folder.js';

const token = 'sixteen-letters!';
const tls = { cert: 'a.pem', key: 'a.key' };

describe('a configuration of the admin listener', () => {
  for (const [title, admin] of Object.entries({
    'the defaults': {},
    'none at all': false,
    'a port of its own': { listen: '127.0.0.1:9000' },
    'any port, at an IPv6 address': { listen: '[::1]:0' },
    'a token of its own': { token },
    'open to others, with a token and TLS': { listen: '0.0.0.0:9000', token, tls },
    'open to others behind a proxy': { listen: '[::]:9000', token, allowWithoutTls: true },
    'names of its own': { hosts: ['admin.example.com', 'gw_admin'], readOnly: true },
  })) {
    it(`may be ${title}`, async (t) => {
      assert.ok((await loadJson(t, { admin })).config);
    });
  }

  for (const [title, value, line] of [
    [
      'open to others without anything',
      { admin: { listen: '0.0.0.0:9000' } },
      'admin.listen: found "0.0.0.0:9000", which other machines can reach; expected 127.0.0.1 as its host, or admin.token, a word of your own, and admin.tls, or admin.allowWithoutTls: true where a proxy or your own network does that',
    ],
    [
      'open to others without TLS',
      { admin: { listen: '10.0.0.1:9000', token } },
      'admin.listen: found "10.0.0.1:9000", which other machines can reach; expected 127.0.0.1 as its host, or admin.tls, or admin.allowWithoutTls: true where a proxy or your own network does that',
    ],
    [
      'open to others without a token',
      { admin: { listen: '[::]:9000', tls } },
      'admin.listen: found "[::]:9000", which other machines can reach; expected 127.0.0.1 as its host, or admin.token, a word of your own',
    ],
    [
      'a token that can be guessed',
      { admin: { token: 'secret' } },
      'admin.token: found a hidden value of 6 characters, expected at least 16, letters, digits and signs without spaces, such as "openssl rand -hex 32" writes',
    ],
    [
      'a token that no header can carry',
      { admin: { token: 'sixteen letters and spaces' } },
      'admin.token: found a hidden value of 26 characters, expected at least 16, letters, digits and signs without spaces, such as "openssl rand -hex 32" writes',
    ],
    [
      'a token that is none',
      { admin: { token: 1234567890123456 } },
      'admin.token: found a hidden value, expected a string',
    ],
    [
      'no address',
      { admin: { listen: '8280' } },
      'admin.listen: found "8280", expected host:port, such as 127.0.0.1:8280',
    ],
    [
      'a port of another purpose',
      { admin: { listen: '127.0.0.1:8283' } },
      'admin.listen: found port 8283, expected one of its own: gateway.listen[1].url has the same',
    ],
    ['true', { admin: true }, 'admin: found true, expected an object or false'],
    [
      'a certificate instead of its file',
      { admin: { tls: { ...tls, cert: '-----BEGIN CERTIFICATE-----' } } },
      'admin.tls.cert: found PEM text, expected the path of a file that has it',
    ],
  ] as const) {
    it(`with ${title} is refused`, async (t) => {
      assert.equal(await refusal(loadJson(t, value)), `gatewayworker.config.json has 1 problem:\n  ${line}`);
    });
  }

  it('leaves the node its own port', async (t) => {
    const { config } = await loadJson(t, { gateway: { listen: [{ url: 'ws://0.0.0.0:8280' }] } });
    assert.ok(config.admin);
    assert.equal(config.admin.listen, '127.0.0.1:0');
  });
});

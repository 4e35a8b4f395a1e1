import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readInnerTls } from '#src/net/inner-socket.js';
import { fixture } from '../support/fixtures.js';

const cert = fixture('test-only-cert.pem');
const key = fixture('test-only-key.pem');

describe('the certificates of inner ports', () => {
  it('are read', () => {
    assert.match(readInnerTls({ cert, key, ca: cert }).cert.toString(), /BEGIN CERTIFICATE/);
  });

  it('are refused by name when a file is missing, or they do not fit together', () => {
    assert.throws(() => readInnerTls({ cert, key, ca: '/no/ca.pem' }), {
      code: 'GW_CLUSTER',
      message: /^\/no\/ca\.pem, which cluster\.tls names, cannot be read: ENOENT/,
    });
    assert.throws(() => readInnerTls({ cert: key, key: cert, ca: cert }), {
      code: 'GW_CLUSTER',
      message: /which cluster\.tls names, cannot be used together: .*all PEM\.$/,
    });
  });
});

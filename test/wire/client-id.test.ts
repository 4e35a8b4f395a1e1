import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { formatClientId, ipToNumber, numberToIp, parseClientId } from '#src/wire/client-id.js';

const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const uint16 = fc.integer({ min: 0, max: 0xffff });

describe('client ids', () => {
  it('are local_ip, local_port and connection_id in lower-case hex', () => {
    assert.equal(formatClientId(ipToNumber('127.0.0.2'), 2900, 7), '7f0000020b5400000007');
    assert.equal(formatClientId(0, 0, 0), '0'.repeat(20));
    assert.equal(formatClientId(0xffffffff, 0xffff, 0xffffffff), 'f'.repeat(20));
  });

  it('round trip', () => {
    fc.assert(
      fc.property(uint32, uint16, uint32, (localIp, localPort, connectionId) => {
        const id = formatClientId(localIp, localPort, connectionId);
        assert.match(id, /^[0-9a-f]{20}$/);
        assert.deepEqual(parseClientId(id), { localIp, localPort, connectionId });
        assert.deepEqual(parseClientId(id.toUpperCase()), { localIp, localPort, connectionId });
      }),
    );
  });

  it('are refused with what was found and what was expected', () => {
    const refused: [unknown, string][] = [
      ['', '"" (0 characters)'],
      ['7f0000020b540000000', '"7f0000020b540000000" (19 characters)'],
      ['7f0000020b54000000070', '"7f0000020b54000000070" (21 characters)'],
      ['x'.repeat(50), `"${'x'.repeat(40)}…" (50 characters)`],
      [12, 'a value of type number'],
      [undefined, 'a value of type undefined'],
    ];
    for (const [id, found] of refused) {
      // @ts-expect-error callers in JavaScript may pass anything
      assert.throws(() => parseClientId(id), {
        code: 'GW_CLIENT_ID',
        message: `${found} is no client id; expected 20 hexadecimal digits, as in client.id.`,
      });
    }
  });

  it('are refused for a wrong character at any place', () => {
    const id = '7f0000020b5400000007';
    for (let at = 0; at < id.length; at++) {
      for (const wrong of ['g', 'G', '/', ':', '@', '`', ' ', '-', 'é', '\u0130', '\uff11']) {
        assert.throws(() => parseClientId(id.slice(0, at) + wrong + id.slice(at + 1)), {
          code: 'GW_CLIENT_ID',
        });
      }
    }
  });
});

describe('IPv4 addresses', () => {
  it('round trip', () => {
    assert.equal(ipToNumber('1.2.3.4'), 0x01020304);
    assert.equal(ipToNumber('255.255.255.255'), 0xffffffff);
    fc.assert(fc.property(fc.ipV4(), (ip) => assert.equal(numberToIp(ipToNumber(ip)), ip)));
    fc.assert(fc.property(uint32, (number) => assert.equal(ipToNumber(numberToIp(number)), number)));
  });

  it('are refused when they are something else', () => {
    for (const ip of [
      '',
      '1.2.3',
      '1.2.3.4.5',
      '1.2.3.256',
      '01.2.3.4',
      '1.2.3.4 ',
      '1.2.3.-4',
      '::1',
      'localhost',
      '1..3.4',
      '1e1.2.3.4',
    ]) {
      assert.throws(() => ipToNumber(ip), {
        code: 'GW_ARGUMENT',
        message: /is no IPv4 address; expected four numbers/,
      });
    }
  });
});

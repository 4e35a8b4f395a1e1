import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ProxyHeader, parseProxyHeader } from '#src/gateway/protocols/proxy-header.js';
import { SeededRandom } from '../../support/random.js';

const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';
const REST = 'GET / HTTP/1.1\r\n';

function v1(line: string): Buffer {
  return Buffer.from(`${line}\r\n`, 'latin1');
}

/** @param follows what comes behind the first 16 bytes, in hexadecimal @param said what the header says of its length */
function v2(command: number, family: number, follows: string, said?: number): Buffer {
  const behind = Buffer.from(follows.replaceAll(' ', ''), 'hex');
  const length = said ?? behind.length;
  const numbers = Buffer.from([command, family, length >>> 8, length & 255]);
  return Buffer.concat([Buffer.from(SIGNATURE, 'latin1'), numbers, behind]);
}

const IPV4 = 'cb007107 0a000001 1f90 01bb';
const IPV6 = '20010db8000000000000000000000001 fd000000000000000000000000000001 ffff 01bb';
const MAPPED = '00000000000000000000ffffcb007107 00000000000000000000ffff0a000001 1f90 01bb';
const TLVS = '0100026832 040003000000';
const NOBODY = { address: '', port: 0 };

const HEADERS: readonly (readonly [what: string, bytes: Buffer, sender: Omit<ProxyHeader, 'length'>])[] = [
  ['v1 with IPv4', v1('PROXY TCP4 203.0.113.7 10.0.0.1 8080 443'), { address: '203.0.113.7', port: 8080 }],
  [
    'v1 with IPv6',
    v1('PROXY TCP6 2001:DB8:0:0::1 fd00::1 65535 443'),
    { address: '2001:db8::1', port: 65535 },
  ],
  [
    'v1 with the longest line',
    v1(`PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535`),
    { address: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', port: 65535 },
  ],
  ['v1 with IPv4 in IPv6', v1('PROXY TCP6 ::ffff:203.0.113.7 ::1 1 2'), { address: '203.0.113.7', port: 1 }],
  ['v1 that is not known', v1('PROXY UNKNOWN'), NOBODY],
  ['v1 that is not known, with addresses', v1('PROXY UNKNOWN ffff::1 ffff::2 65535 65535'), NOBODY],
  ['v2 with IPv4', v2(0x21, 0x11, IPV4), { address: '203.0.113.7', port: 8080 }],
  ['v2 with IPv6', v2(0x21, 0x21, IPV6), { address: '2001:db8::1', port: 65535 }],
  ['v2 with IPv4 in IPv6', v2(0x21, 0x21, MAPPED), { address: '203.0.113.7', port: 8080 }],
  ['v2 with TLVs', v2(0x21, 0x11, IPV4 + TLVS), { address: '203.0.113.7', port: 8080 }],
  [
    'v2 with as many TLVs as are taken',
    v2(0x21, 0x11, IPV4 + '00'.repeat(4084)),
    { address: '203.0.113.7', port: 8080 },
  ],
  ['v2 with a unix socket', v2(0x21, 0x31, '2f'.repeat(216)), NOBODY],
  ['v2 without a family', v2(0x21, 0x00, ''), NOBODY],
  ['v2 of the proxy itself', v2(0x20, 0x00, ''), NOBODY],
  ['v2 of the proxy itself, with addresses', v2(0x20, 0x11, IPV4), NOBODY],
];

const ODD: readonly (readonly [what: string, bytes: Buffer, found: RegExp])[] = [
  ['a request', Buffer.from(REST), /"GET \/ HTTP\/1\.1\?\?", expected a PROXY header/],
  ['the beginning of TLS', Buffer.from('16030100', 'hex'), /expected a PROXY header/],
  ['v1 in small letters', v1('proxy TCP4 1.2.3.4 1.2.3.4 1 2'), /expected a PROXY header/],
  ['v1 without addresses', v1('PROXY TCP4'), /two addresses/],
  ['v1 without a family', v1('PROXY  1.2.3.4 1.2.3.4 1 2'), /two addresses/],
  ['v1 with one port', v1('PROXY TCP4 1.2.3.4 1.2.3.4 1'), /two ports/],
  ['v1 with three ports', v1('PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3'), /two ports/],
  ['v1 with two spaces', v1('PROXY TCP4  1.2.3.4 1.2.3.4 1 2'), /two addresses/],
  ['v1 with a space at its end', v1('PROXY TCP4 1.2.3.4 1.2.3.4 1 2 '), /two ports/],
  ['v1 with the other family', v1('PROXY TCP4 ::1 ::1 1 2'), /two addresses/],
  ['v1 with half of the other family', v1('PROXY TCP6 ::1 1.2.3.4 1 2'), /two addresses/],
  ['v1 with no address', v1('PROXY TCP4 1.2.3.256 1.2.3.4 1 2'), /two addresses/],
  ['v1 with a zone', v1('PROXY TCP6 fe80::1%eth0 fe80::2 1 2'), /two addresses/],
  ['v1 with no port', v1('PROXY TCP4 1.2.3.4 1.2.3.4 65536 2'), /ports from 0/],
  ['v1 with a sign', v1('PROXY TCP4 1.2.3.4 1.2.3.4 +1 2'), /ports from 0/],
  ['v1 with zeros', v1('PROXY TCP4 1.2.3.4 1.2.3.4 01 2'), /ports from 0/],
  ['v1 with an empty port', v1('PROXY TCP4 1.2.3.4 1.2.3.4  2'), /ports from 0/],
  [
    'v1 with another kind of end',
    Buffer.from(`PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n${'x'.repeat(90)}`),
    /no end of line/,
  ],
  ['v1 that is too long', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(100)}\r\n`), /no end of line within 107/],
  ['v2 of another version', v2(0x11, 0x11, IPV4), /0x11, expected 0x20/],
  ['v2 with another command', v2(0x22, 0x11, IPV4), /0x22, expected 0x20/],
  ['v2 with another family', v2(0x21, 0x41, IPV4), /0x41/],
  ['v2 with another transport', v2(0x21, 0x13, IPV4), /0x13/],
  ['v2 whose addresses are cut', v2(0x21, 0x11, IPV4.slice(2)), /11 bytes for addresses that take 12/],
  ['v2 with IPv4 where IPv6 is said', v2(0x21, 0x21, IPV4), /12 bytes for addresses that take 36/],
  ['v2 without addresses', v2(0x21, 0x11, ''), /0 bytes/],
  ['v2 that is too long', v2(0x21, 0x11, IPV4, 65_535), /65535 more bytes, expected 4096/],
];

describe('the header of the PROXY protocol', () => {
  for (const [what, bytes, sender] of HEADERS) {
    it(`${what}: is read, with what follows, and at whichever byte it is cut`, () => {
      const expected = { length: bytes.length, ...sender };
      assert.deepEqual(parseProxyHeader(bytes), expected);
      assert.deepEqual(parseProxyHeader(Buffer.concat([bytes, Buffer.from(REST)])), expected);
      for (let length = 1; length < bytes.length; length++) {
        assert.equal(parseProxyHeader(bytes.subarray(0, length)), undefined, `${length} bytes`);
      }
    });
  }

  for (const [what, bytes, found] of ODD) {
    it(`${what}: is none, and the reason is said`, () => {
      const header = parseProxyHeader(bytes);
      assert.ok(typeof header === 'string');
      assert.match(header, found);
    });
  }

  it('is either one with an address and a port, or none, or yet to come, whatever is changed in it', () => {
    const random = new SeededRandom(13);
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = mutated(
        Buffer.concat([HEADERS[random.below(HEADERS.length)][1], Buffer.from(REST)]),
        random,
      );
      const header = parseProxyHeader(bytes);
      if (header === undefined || typeof header === 'string') continue;
      const { length, address, port } = header;
      assert.ok(length <= bytes.length && length <= 16 + 4096);
      assert.ok(Number.isInteger(port) && port >= 0 && port <= 65_535, bytes.toString('hex'));
      assert.match(address, /^$|^\d+\.\d+\.\d+\.\d+$|^[\da-f:.]+$/);
    }
  });
});

/** A million take a quarter of a minute. */
const ROUNDS = Number(process.env.PROXY_ROUNDS ?? 50_000);

function mutated(header: Buffer, random: SeededRandom): Buffer {
  const bytes = Buffer.from(header);
  for (let changes = random.below(4); changes >= 0; changes--) {
    const at = random.below(bytes.length);
    const kind = random.below(4);
    if (kind === 0) bytes[at] = random.below(256);
    else if (kind === 1) bytes[at] ^= 1 << random.below(8);
    else if (kind === 2) bytes.copyWithin(at, random.below(bytes.length));
    else if (at > 0) return bytes.subarray(0, at);
  }
  return bytes;
}

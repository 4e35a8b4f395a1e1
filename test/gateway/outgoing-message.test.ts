import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClientRecord } from '#src/gateway/client-record.js';
import { OutgoingMessage } from '#src/gateway/outgoing-message.js';
import type { ClientProtocol } from '#src/gateway/protocols/protocol.js';
import { Flag } from '#src/wire/command.js';
import { packNamed } from '#src/wire/named-bytes.js';

/** A protocol that shows what it was asked to encode, and how often. */
function protocol(dialect: boolean): ClientProtocol & { readonly asked: string[] } {
  const asked: string[] = [];
  const encode = (word: string) => (message: Buffer, binary: boolean) => {
    asked.push(`${word} ${binary} ${message.toString('latin1')}`);
    return Buffer.from(`${word} ${asked.length}`);
  };
  return {
    name: 'shown',
    sharedEncoding: true,
    encode: encode('message'),
    ...(dialect ? { encodeNamed: encode('named') } : {}),
    asked,
  };
}

const client = (its: ClientProtocol): ClientRecord =>
  ({ connection: { protocol: its } }) as unknown as ClientRecord;

describe('an outgoing message with a name', () => {
  const text = '{"event":"e","data":{"_placeholder":true,"num":0}}';
  const plainBytes = '{"event":"e","data":{"base64":"AQI="}}';
  const packed = packNamed(text, [Buffer.from([1, 2])]);

  it('is its text for a protocol that has no dialect, and encoded by one that has, once for all clients', () => {
    const [plain, dialect] = [protocol(false), protocol(true)];
    const message = new OutgoingMessage(Buffer.from('{"event":"e"}'), Flag.PLAIN_BODY | Flag.NAMED);
    for (let times = 0; times < 3; times++) {
      assert.equal(message.encodedFor(client(plain)).toString(), 'message 1');
      assert.equal(message.encodedFor(client(dialect)).toString(), 'named 1');
    }
    assert.deepEqual(plain.asked, ['message false {"event":"e"}']);
    assert.deepEqual(dialect.asked, ['named false {"event":"e"}']);
  });

  it('with bytes is text with base64, made once, for protocols that have no dialect', () => {
    const [first, second, dialect] = [protocol(false), protocol(false), protocol(true)];
    const message = new OutgoingMessage(packed, Flag.PLAIN_BODY | Flag.NAMED | Flag.BINARY);
    for (const its of [first, second, dialect, first]) message.encodedFor(client(its));
    assert.deepEqual(first.asked, [`message false ${plainBytes}`]);
    assert.deepEqual(second.asked, [`message false ${plainBytes}`]);
    assert.deepEqual(dialect.asked, [`named true ${packed.toString('latin1')}`]);
  });

  it('is none for a dialect when it has no name', () => {
    const dialect = protocol(true);
    new OutgoingMessage(Buffer.from('{"event":"e"}'), Flag.PLAIN_BODY).encodedFor(client(dialect));
    assert.deepEqual(dialect.asked, ['message false {"event":"e"}']);
  });

  it('is refused before anybody is sent it when it is cut off', () => {
    const flags = Flag.PLAIN_BODY | Flag.NAMED | Flag.BINARY;
    assert.throws(() => new OutgoingMessage(packed.subarray(0, -1), flags), { code: 'GW_FRAME' });
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inflateRawSync } from 'node:zlib';
import { ClientRecord } from '#src/gateway/client-record.js';
import { OutgoingMessage } from '#src/gateway/outgoing-message.js';
import type { ClientProtocol, Connection } from '#src/gateway/protocols/protocol.js';
import { Compression } from '#src/gateway/protocols/ws-compression.js';
import { wsProtocol } from '#src/gateway/protocols/ws-frame.js';
import { Flag } from '#src/wire/command.js';
import { FakeTransport } from '../../support/fake-transport.js';
import { inflateByHand } from '../../support/inflate-by-hand.js';
import { corpus } from './corpus.js';

const NO_CONTEXT = 'server_no_context_takeover; client_no_context_takeover';

function agreed(
  header: string,
  setting: ConstructorParameters<typeof Compression>[0] = true,
): ClientProtocol {
  const agreement = new Compression(setting).agree(header);
  assert.ok(agreement, header);
  return agreement.protocol;
}

describe('an offer of compression', () => {
  const offers: ReadonlyArray<readonly [offer: string, answer: string | undefined]> = [
    ['permessage-deflate', NO_CONTEXT],
    ['permessage-deflate; client_max_window_bits', NO_CONTEXT],
    ['permessage-deflate; client_max_window_bits=8', NO_CONTEXT],
    ['permessage-deflate;client_max_window_bits="10"', NO_CONTEXT],
    ['permessage-deflate; server_no_context_takeover', NO_CONTEXT],
    ['permessage-deflate; client_no_context_takeover; server_no_context_takeover', NO_CONTEXT],
    ...['8', '9', '10', '11', '12', '13', '14', '15'].map(
      (bits) =>
        [
          `permessage-deflate; server_max_window_bits=${bits}`,
          `${NO_CONTEXT}; server_max_window_bits=${bits}`,
        ] as const,
    ),
    ['permessage-deflate; server_max_window_bits="12"', `${NO_CONTEXT}; server_max_window_bits=12`],
    // the first that can be met
    [
      'permessage-deflate; server_max_window_bits=9; client_max_window_bits, permessage-deflate',
      `${NO_CONTEXT}; server_max_window_bits=9`,
    ],
    ['x-webkit-deflate-frame, permessage-deflate', NO_CONTEXT],
    ['permessage-deflate; server_max_window_bits=7, permessage-deflate', NO_CONTEXT],
    ['permessage-deflate; x=1, bbf-usp-protocol, permessage-deflate', NO_CONTEXT],
    // none can be met
    ['', undefined],
    ['x-webkit-deflate-frame', undefined],
    ['permessage-bzip2; strength=9', undefined],
    ['Permessage-Deflate', undefined],
    ['permessage-deflate; server_max_window_bits', undefined],
    ['permessage-deflate; server_max_window_bits=16', undefined],
    ['permessage-deflate; server_max_window_bits=010', undefined],
    ['permessage-deflate; server_max_window_bits=10.0', undefined],
    ['permessage-deflate; server_max_window_bits=-9', undefined],
    ['permessage-deflate; client_max_window_bits=7', undefined],
    ['permessage-deflate; client_max_window_bits=100', undefined],
    ['permessage-deflate; client_max_window_bits=9; client_max_window_bits=9', undefined],
    ['permessage-deflate; server_no_context_takeover=true', undefined],
    ['permessage-deflate; client_no_context_takeover=1', undefined],
    ['permessage-deflate; server_no_context_takeover; server_no_context_takeover', undefined],
    ['permessage-deflate; window=12', undefined],
  ];
  for (const [offer, answer] of offers) {
    it(`"${offer}" is ${answer === undefined ? 'declined' : `answered with ${answer}`}`, () => {
      const header = new Compression(true).agree(offer)?.header;
      assert.equal(header, answer === undefined ? undefined : `permessage-deflate; ${answer}`);
    });
  }

  for (const header of [
    'permessage-deflate;',
    ',',
    'permessage-deflate; a=',
    'a b',
    'x; y="',
    'x; y="(",',
    '=',
  ]) {
    it(`"${header}" has not the form of one`, () => {
      assert.throws(
        () => new Compression(true).agree(header),
        /^SyntaxError: Sec-WebSocket-Extensions: Unexpected/,
      );
    });
  }
});

describe('a compressed message', () => {
  const transport: Connection = new FakeTransport();

  for (let bits = 8; bits <= 15; bits++) {
    it(`looks back no further than a window of 2^${bits} bytes, at any level`, () => {
      let farthest = 0;
      for (const level of [1, 3, 4, 6, 9]) {
        const protocol = agreed(`permessage-deflate; server_max_window_bits=${bits}`, {
          level,
          threshold: 0,
        });
        for (const message of [corpus.json(60_000), corpus.text(20_000), corpus.far(70_000)]) {
          const frame = protocol.encode(message, false, transport);
          assert.equal(frame[0], 0xc1);
          const found = inflateByHand(frame.subarray(frame[1] < 126 ? 2 : frame[1] === 126 ? 4 : 10));
          assert.ok(found.output.equals(message));
          assert.ok(found.farthest <= 2 ** bits, `${found.farthest}`);
          farthest = Math.max(farthest, found.farthest);
        }
      }
      // and the window is used
      assert.ok(farthest > 2 ** bits - 300, `${farthest}`);
    });
  }

  it('is one whole message to zlib, without what ended before', () => {
    const message = corpus.json(5_000);
    const frame = agreed('permessage-deflate').encode(message, true, transport);
    assert.equal(frame[0], 0xc2);
    assert.ok(frame.length < message.length / 2);
    assert.notEqual(frame.subarray(-4).toString('hex'), '0000ffff');
    assert.ok(
      inflateRawSync(Buffer.concat([frame.subarray(4), Buffer.from('0000ffff', 'hex')]), {
        finishFlush: 2,
      }).equals(message),
    );
  });

  it('is smaller than without: what would not be goes out as it is, as do short and very long ones', () => {
    const protocol = agreed('permessage-deflate', { threshold: 100 });
    const plain = (message: Buffer): boolean =>
      protocol.encode(message, true, transport).equals(wsProtocol.encode(message, true, transport));
    assert.deepEqual(
      [
        corpus.anyBytes(5_000),
        corpus.json(99),
        corpus.json(100),
        corpus.json(131_072),
        corpus.json(131_073),
      ].map(plain),
      [true, true, false, false, true],
    );
  });

  it('is sooner small than fast at a higher level', () => {
    const message = corpus.json(50_000);
    const lengths = [1, 3, 9].map(
      (level) => agreed('permessage-deflate', { level }).encode(message, false, transport).length,
    );
    assert.deepEqual(
      lengths,
      lengths.toSorted((a, b) => b - a),
    );
    assert.equal(new Set(lengths).size, 3);
  });
});

function clientOf(protocol: ClientProtocol): ClientRecord {
  return new ClientRecord(1, new FakeTransport(protocol), 0);
}

describe('a broadcast to websockets with and without compression', () => {
  const offers = [
    'permessage-deflate',
    'permessage-deflate; client_max_window_bits',
    'permessage-deflate; server_max_window_bits=10',
  ];
  // two listeners with the same settings
  const clients = [
    wsProtocol,
    ...offers.map((offer) => agreed(offer)),
    agreed('permessage-deflate'),
    wsProtocol,
  ].map(clientOf);

  it('is compressed once for all who agreed on the same window, whichever port they came in by', () => {
    const message = new OutgoingMessage(corpus.json(5_000), Flag.PLAIN_BODY);
    const frames = clients.map((each) => message.encodedFor(each));
    assert.equal(new Set(frames).size, 3);
    assert.equal(frames[5], frames[0]);
    assert.equal(frames[2], frames[1]);
    assert.equal(frames[4], frames[1]);
    assert.deepEqual(
      frames.slice(0, 4).map(([first]) => first),
      [0x81, 0xc1, 0xc1, 0xc1],
    );
  });

  it('is one and the same for all where it is not compressed', () => {
    for (const order of [clients, clients.toReversed()]) {
      for (const length of [200, 200_000]) {
        const message = new OutgoingMessage(corpus.json(length), Flag.PLAIN_BODY);
        assert.equal(new Set(order.map((each) => message.encodedFor(each))).size, 1);
      }
    }
  });

  it('goes out as it is where its sender has made the frames', () => {
    const body = corpus.json(5_000);
    const message = new OutgoingMessage(body, Flag.PLAIN_BODY | Flag.RAW);
    for (const each of clients) assert.ok(message.encodedFor(each).equals(body));
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GatewayError } from '#src/base/errors.js';
import { Command } from '#src/wire/command.js';
import { decodeFrame } from '#src/wire/frame.js';
import {
  InterestWord,
  LEAST_BITS,
  PROBES,
  SET,
  applyChanges,
  bitmapOf,
  changesBytes,
  hasName,
  interestBytes,
  probe,
  reaches,
} from '#src/wire/interest.js';
import { NameHash, type NameKind } from '#src/wire/name-hash.js';

/** What nodes of every version have to come to: a change of one of these is another feature than interest/1. */
const GOLDEN: ReadonlyArray<readonly [kind: NameKind, name: string, first: number, second: number]> = [
  ['uid', '', -1_421_968_373, -1_991_682_936],
  ['group', '', 980_693_043, 518_081_814],
  ['uid', '7', 2_049_036_381, -847_934_879],
  ['group', '7', -1_362_095_249, 1_769_539_913],
  ['uid', 'user:42', 599_759_890, -1_102_093_937],
  ['uid', 'abcdefghijklmnopqrstuvwxyz0123456789', -763_713_219, 92_576_325],
  ['group', 'größe', -1_079_397_714, 1_154_061_490],
  ['group', '聊天室', 136_592_198, 229_817_485],
  ['uid', '😀 "quoted" \\', -213_714_401, -1_588_072_993],
];
/** The bits of the uid `user:42` in filters of 2^16 and 2^24 bits. */
const BITS_16 = [39_954, 64_929, 24_368, 49_343];
const BITS_24 = [12_557_330, 982_433, 6_184_752, 11_387_071];

describe('hashes of names', () => {
  it('are the same for ever', () => {
    for (const [kind, name, first, second] of GOLDEN) {
      const hash = new NameHash().of(kind, name);
      assert.deepEqual([kind, name, hash.first, hash.second], [kind, name, first, second]);
    }
  });

  it('of UTF-8 bytes are those of the text, wherever it lies', () => {
    for (const [kind, name] of GOLDEN) {
      const bytes = Buffer.from(`[${name}]`);
      const { first, second } = new NameHash().ofBytes(kind, bytes, 1, bytes.length - 1);
      const text = new NameHash().of(kind, name);
      assert.deepEqual({ first, second }, { first: text.first, second: text.second });
    }
  });

  it('give a name bits within the filter, by its size', () => {
    const { first, second } = new NameHash().of('uid', 'user:42');
    const bits = (size: number): number[] =>
      Array.from({ length: PROBES }, (_, n) => probe(first, second, n, size - 1));
    assert.deepEqual(bits(2 ** 16), BITS_16);
    assert.deepEqual(bits(2 ** 24), BITS_24);
  });
});

describe('words of an interest', () => {
  it('a snapshot and changes make the filter, whose last word on a bit counts', () => {
    const sent = Buffer.alloc(LEAST_BITS / 8);
    sent[3] = 0b101;
    const bytes = interestBytes(InterestWord.SNAPSHOT, 0xffff_ffff, sent);
    const snapshot = decodeFrame(bytes);
    assert.deepEqual(
      [snapshot.command, snapshot.clientPort, snapshot.clientIp],
      [Command.INTEREST, InterestWord.SNAPSHOT, 0xffff_ffff],
    );
    const bitmap = bitmapOf(snapshot);
    bytes.fill(0);
    const changes = [24, 25 | SET, (LEAST_BITS - 1) | SET, 26, 26 | SET, 25];
    applyChanges(bitmap, decodeFrame(changesBytes(0, changes)));
    assert.equal(bitmap[3], 0b100);
    assert.equal(bitmap.at(-1), 0b1000_0000);
  });

  it('a name is there when all of its bits are', () => {
    const bitmap = Buffer.alloc(LEAST_BITS / 8);
    const { first, second } = new NameHash().of('group', 'red');
    for (let n = 0; n < PROBES; n++) {
      assert.equal(hasName(bitmap, first, second), false);
      const bit = probe(first, second, n, LEAST_BITS - 1);
      applyChanges(bitmap, decodeFrame(changesBytes(1, [bit | SET])));
    }
    assert.equal(hasName(bitmap, first, second), true);
  });

  it('versions wrap', () => {
    assert.ok(reaches(5, 5) && reaches(6, 5) && reaches(0, 0xffff_ffff) && reaches(3, 0xffff_fff0));
    assert.ok(!reaches(4, 5) && !reaches(0xffff_ffff, 0));
  });

  it('what makes no filter is refused', () => {
    for (const length of [0, 1, LEAST_BITS / 16, LEAST_BITS / 8 + 1, (LEAST_BITS / 8) * 3]) {
      const frame = decodeFrame(interestBytes(InterestWord.SNAPSHOT, 1, Buffer.alloc(length)));
      assert.throws(() => bitmapOf(frame), isFrameError, `${length} bytes`);
    }
    const cut = decodeFrame(interestBytes(InterestWord.CHANGES, 1, Buffer.alloc(7)));
    assert.throws(() => applyChanges(Buffer.alloc(LEAST_BITS / 8), cut), isFrameError);
  });
});

function isFrameError(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'GW_FRAME' && /^An? |^Changes /.test(error.message);
}

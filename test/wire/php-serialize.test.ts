import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import {
  type PhpDecoded,
  type PhpKey,
  type PhpValue,
  serialize,
  toPlain,
  unserialize,
} from '#src/wire/php-serialize.js';
import { fixtureLines } from '../support/fixtures.js';

type Row =
  | { must_reject: true; serialized_hex: string }
  | { must_reject?: undefined; json: PhpValue; serialized_hex: string };

const rows = fixtureLines<Row>('php-serialize.jsonl');

const written = (value: PhpValue) => serialize(value).toString('latin1');
const read = (text: string) => unserialize(Buffer.from(text, 'latin1'));
/** null within `depth` arrays. */
const nested = (depth: number) => `${'a:1:{i:0;'.repeat(depth)}N;${'}'.repeat(depth)}`;
const serializeError = (message: RegExp) => ({ code: 'GW_SERIALIZE', message });

describe('the vectors made by PHP 8.2', () => {
  for (const [index, row] of rows.entries()) {
    const bytes = Buffer.from(row.serialized_hex, 'hex');
    if (row.must_reject) {
      it(`row ${index + 1} is refused: ${bytes.toString('latin1', 0, 40)}`, () => {
        assert.throws(() => unserialize(bytes), serializeError(/at byte \d+ of \d+/));
      });
    } else {
      const { json } = row;
      it(`row ${index + 1}, both ways: ${JSON.stringify(json)}`, () => {
        assert.deepEqual(toPlain(unserialize(bytes)), json);
        assert.equal(written(json), bytes.toString('latin1'));
        assert.equal(written(unserialize(bytes)), bytes.toString('latin1'));
      });
    }
  }
});

describe('numbers', () => {
  it('writes safe integers as ints and other numbers as PHP 8.2 prints floats', () => {
    const floats: [number, string][] = [
      [-0, '-0'],
      [0.0001, '0.0001'],
      [0.00001, '1.0E-5'],
      [0.000012345, '1.2345E-5'],
      [1 / 3, '0.3333333333333333'],
      [123456.789, '123456.789'],
      [2 ** 53, '9007199254740992'],
      [1e16, '10000000000000000'],
      [1e17, '1.0E+17'],
      [2 ** 63, '9.223372036854776E+18'],
      [-1.5e300, '-1.5E+300'],
      [Infinity, 'INF'],
      [-Infinity, '-INF'],
      [NaN, 'NAN'],
    ];
    for (const [number, text] of floats) {
      assert.equal(written(number), `d:${text};`);
      assert.ok(Object.is(read(`d:${text};`), number), text);
    }
    assert.equal(written(-(2 ** 53 - 1)), 'i:-9007199254740991;');
  });

  it('keeps int64 beyond 2^53 exact, as bigint', () => {
    for (const text of ['9007199254740993', '9223372036854775807', '-9223372036854775808']) {
      assert.equal(read(`i:${text};`), BigInt(text));
      assert.equal(written(BigInt(text)), `i:${text};`);
    }
    assert.equal(written(5n), 'i:5;');
    assert.equal(read('i:9007199254740991;'), Number.MAX_SAFE_INTEGER);
  });

  it('refuses ints beyond int64, both ways', () => {
    for (const text of ['9223372036854775808', '-9223372036854775809', '9'.repeat(400)]) {
      assert.throws(() => read(`i:${text};`), serializeError(/does not fit an int64/));
      assert.throws(() => serialize(BigInt(text)), serializeError(/does not fit an int64/));
    }
  });

  it('takes every spelling of a number that PHP takes', () => {
    assert.equal(read('i:+7;'), 7);
    assert.ok(Object.is(read('i:-0;'), 0));
    assert.equal(read(`i:${'0'.repeat(50)}9007199254740993;`), 9007199254740993n);
    assert.equal(read('d:.5;'), 0.5);
    assert.equal(read('d:5.;'), 5);
    assert.equal(read('d:-1e3;'), -1000);
  });

  it('refuses what is no number', () => {
    for (const text of ['i:;', 'i:-;', 'i:1.5;', 'i: 1;', 'i:0x1;', 'i:--1;']) {
      assert.throws(() => read(text), serializeError(/at byte \d+/), text);
    }
    for (const text of ['d:;', 'd:.;', 'd:1e;', 'd:inf;', 'd: 1;', 'd:0x1;', 'd:1', 'd:1_0;']) {
      assert.throws(() => read(text), serializeError(/at byte 2 of/), text);
    }
  });
});

describe('strings', () => {
  it('gives a string when the bytes are UTF-8 and a Buffer when not, so that both write back the same', () => {
    const long = '你好, мир 🙂 '.repeat(20);
    assert.equal(unserialize(serialize(long)), long);
    assert.equal(unserialize(serialize(Buffer.from(long))), long);
    const bytes = Buffer.from([0xff, 0x00, 0x22, 0x3b]);
    assert.deepEqual(unserialize(serialize(bytes)), bytes);
    assert.deepEqual(unserialize(serialize(new Uint8Array(bytes))), bytes);
  });

  it('keeps a byte order mark', () => {
    assert.equal(unserialize(serialize('\ufeffa')), '\ufeffa');
  });

  it('copies what it reads', () => {
    const source = serialize(Buffer.from([0xff, 0xfe]));
    const value = unserialize(source);
    source.fill(0);
    assert.deepEqual(value, Buffer.from([0xff, 0xfe]));
  });
});

describe('array keys', () => {
  it('turns those strings into ints that PHP turns into ints', () => {
    const ints = ['0', '12', '-5', '1234567890123456789', '9223372036854775807', '-9223372036854775808'];
    for (const key of ints) {
      const expected = `a:1:{i:${key};b:1;}`;
      assert.equal(written({ [key]: true }), expected);
      assert.equal(written(new Map([[key, true]])), expected);
      assert.equal(written(new Map([[BigInt(key), true]])), expected);
      assert.deepEqual(read(`a:1:{s:${key.length}:"${key}";b:1;}`), read(expected));
    }
    const strings = [
      '01',
      '-0',
      '-',
      '',
      '+1',
      '1.0',
      ' 1',
      '00',
      '-01',
      '9223372036854775808',
      '1'.repeat(25),
    ];
    for (const key of strings) {
      const expected = `a:1:{s:${key.length}:"${key}";b:1;}`;
      assert.equal(written({ [key]: true }), expected);
      assert.deepEqual(read(expected), new Map([[key, true]]));
    }
  });

  it('keeps int keys, string keys and their order apart', () => {
    const text = 'a:3:{i:7;s:1:"a";s:2:"07";s:1:"b";i:0;s:1:"c";}';
    const map = read(text);
    assert.ok(map instanceof Map);
    assert.deepEqual(
      [...map],
      [
        [7, 'a'],
        ['07', 'b'],
        [0, 'c'],
      ],
    );
    assert.equal(written(map), text);
  });

  it('lets the last of duplicate keys win, as PHP does', () => {
    assert.deepEqual(
      read('a:3:{i:1;i:1;s:1:"a";N;s:1:"1";i:3;}'),
      new Map<PhpKey, PhpDecoded>([
        [1, 3],
        ['a', null],
      ]),
    );
  });

  it('makes __proto__ a property like any other', () => {
    const bytes = Buffer.from('a:1:{s:9:"__proto__";a:1:{s:8:"polluted";b:1;}}');
    const plain = toPlain(unserialize(bytes));
    assert.deepEqual(Object.entries(Object(plain)), [['__proto__', { polluted: true }]]);
    assert.equal(Reflect.has(Object(plain), 'polluted'), false);
    assert.equal(Reflect.has({}, 'polluted'), false);
    assert.deepEqual(serialize(plain), bytes);
  });

  it('refuses keys that PHP could not hold', () => {
    assert.throws(() => serialize(new Map([[1.5, true]])), serializeError(/the number 1.5; expected/));
    assert.throws(() => read('a:1:{s:1:"\xff";N;}'), serializeError(/key is not valid UTF-8/));
    assert.throws(() => read('a:1:{d:1;N;}'), serializeError(/neither an int nor a string/));
  });
});

describe('hostile input', () => {
  it('reads 64 arrays within arrays and refuses 65, both ways', () => {
    const value = read(nested(64));
    assert.equal(written(value), nested(64));
    assert.throws(() => read(nested(65)), serializeError(/deeper than 64/));
    assert.throws(() => read('a:1:{i:0;'.repeat(1_000_000)), serializeError(/deeper than 64/));
    assert.throws(() => serialize([value]), serializeError(/deeper than 64/));
  });

  it('refuses a count or length that the bytes cannot hold', () => {
    assert.throws(() => read('a:2:{i:0;N;}'), serializeError(/claims 2 entries and only 7 bytes/));
    assert.throws(() => read('s:4:"abc";'), serializeError(/expected '"'/));
    assert.throws(() => read('s:9:"abc";'), serializeError(/claims 9 bytes and only 5/));
    assert.throws(() => read(`s:${'9'.repeat(500)}:"";`), serializeError(/claims Infinity bytes/));
    assert.throws(() => read('a:1e3:{}'), serializeError(/expected ':'/));
  });

  it('refuses objects, and says what to do', () => {
    for (const text of ['O:3:"Foo":0:{}', 'C:3:"Foo":0:{}', 'E:5:"A:One";']) {
      assert.throws(
        () => read(text),
        serializeError(/objects are never read; have the PHP side send arrays/),
      );
    }
  });

  /** As PHP 8.2 serializes them. */
  const REFERENCES: Readonly<Record<string, unknown>> = {
    'a:4:{s:1:"x";a:2:{i:0;i:1;i:1;d:2;}s:1:"y";R:2;s:1:"z";i:5;s:1:"w";R:4;}': {
      x: [1, 2],
      y: [1, 2],
      z: 5,
      w: 2,
    },
    'a:2:{i:0;a:0:{}i:1;R:2;}': [[], []],
    // references are not counted: the last one is to "b", the third value
    'a:4:{i:0;s:3:";R:";i:1;R:2;i:2;s:1:"b";i:3;R:3;}': [';R:', ';R:', 'b', 'b'],
    // what a reference stands for is not counted again
    'a:3:{i:0;a:1:{i:0;s:1:"x";}i:1;R:2;i:2;a:2:{i:0;s:1:"y";i:1;R:5;}}': [['x'], ['x'], ['y', 'y']],
  };
  for (const [text, value] of Object.entries(REFERENCES)) {
    it(`reads references as copies: ${text}`, () => {
      assert.deepEqual(toPlain(read(text)), value);
    });
  }

  it('refuses a reference to what holds it, to nothing, and to copies without end', () => {
    assert.throws(() => read('a:1:{i:0;a:1:{i:0;R:2;}}'), serializeError(/an array holds itself/));
    assert.throws(() => read('a:1:{i:0;R:1;}'), serializeError(/an array holds itself/));
    for (const text of ['r:1;', 'a:1:{i:0;R:0;}', 'a:1:{i:0;R:7;}', 'a:1:{i:0;R:x;}', 'a:1:{i:0;R:2']) {
      assert.throws(() => read(text), { code: 'GW_SERIALIZE' }, text);
    }
    // each of 40 lists holds the one before twice
    let [bomb, before] = ['i:0;a:1:{i:0;i:0;}', 2];
    for (let level = 1; level < 40; level++) {
      bomb += `i:${level};a:2:{i:0;R:${before};i:1;R:${before};}`;
      before += level === 1 ? 2 : 1;
    }
    assert.throws(() => read(`a:40:{${bomb}}`), serializeError(/copies .* more than/));
  });

  it('refuses bytes left over, and every proper beginning of a value', () => {
    assert.throws(() => read('N;N;'), serializeError(/at byte 2 of 4, 2 bytes are left over/));
    const whole = serialize({ a: [1, -2.5, true, null, 'text', Buffer.from([0xff])], 5: {} });
    for (let length = 0; length < whole.length; length++) {
      assert.throws(() => unserialize(whole.subarray(0, length)), { code: 'GW_SERIALIZE' });
    }
  });

  it('never quotes the content', () => {
    assert.throws(
      () => read('a:1:{s:8:"password";s:6:"s3cret"}'),
      (error: Error) => !/password|s3cret/.test(error.message),
    );
  });
});

describe('values that PHP could not hold', () => {
  it('refuses them by name', () => {
    const refused: [unknown, RegExp][] = [
      [undefined, /^undefined cannot/],
      [() => 1, /^a function cannot/],
      [Symbol('s'), /^a symbol cannot/],
      [new Date(0), /an object of class Date/],
      [new Set([1]), /an object of class Set/],
      [{ a: { b: undefined } }, /^undefined cannot/],
      [Array.of(1, undefined), /^undefined cannot/],
    ];
    for (const [value, message] of refused) {
      // @ts-expect-error callers in JavaScript may pass anything
      assert.throws(() => serialize(value), serializeError(message));
    }
  });

  it('refuses a value that holds itself', () => {
    const cycle: PhpValue[] = [];
    cycle.push(cycle);
    assert.throws(() => serialize(cycle), serializeError(/holds itself/));
  });
});

describe('round trips', () => {
  const text = fc.string({ unit: 'binary' });
  const bigInt = fc
    .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    .filter((value) => !Number.isSafeInteger(Number(value)));
  const key = fc.oneof(
    text.filter((value) => !/^-?\d+$/.test(value)),
    fc.maxSafeInteger(),
    bigInt,
  );
  const { value } = fc.letrec<{ value: PhpDecoded; map: Map<PhpKey, PhpDecoded> }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5, depthSize: 'small' },
      fc.constant(null),
      fc.boolean(),
      fc.maxSafeInteger(),
      fc.double(),
      bigInt,
      text,
      fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from([...bytes, 0xff])),
      tie('map'),
    ),
    map: fc.array(fc.tuple(key, tie('value'))).map((entries) => new Map(entries)),
  }));

  it('reads back every value that it wrote', () => {
    fc.assert(
      fc.property(value, (original) => {
        assert.deepEqual(unserialize(serialize(original)), original);
      }),
      { numRuns: 1000 },
    );
  });

  it('reads back JSON, apart from what PHP arrays cannot tell', () => {
    // PHP knows no empty object, and an object with the keys 0 to n-1 is a list
    const asPhp = (json: unknown): unknown => {
      if (typeof json !== 'object' || json === null) return json;
      if (Array.isArray(json)) return json.map(asPhp);
      const entries = Object.entries(json).map(([name, item]) => [name, asPhp(item)] as const);
      if (entries.every(([name], index) => name === String(index))) return entries.map(([, item]) => item);
      return Object.fromEntries(entries);
    };
    fc.assert(
      fc.property(fc.json(), (source) => {
        const json: PhpValue = JSON.parse(source);
        assert.deepEqual(toPlain(unserialize(serialize(json))), asPhp(json));
      }),
      { numRuns: 1000 },
    );
  });

  it('grows over large values', () => {
    const sessions = new Map(
      Array.from({ length: 15_000 }, (_, index) => [
        `7f0000010b54${index.toString(16).padStart(8, '0')}`,
        new Map<PhpKey, PhpDecoded>([
          ['name', `Ann ${index}`],
          ['text', '你好'.repeat(index % 50)],
        ]),
      ]),
    );
    assert.deepEqual(unserialize(serialize(sessions)), sessions);
  });
});

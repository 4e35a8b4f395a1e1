import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { phpJson } from '#src/wire/php-json.js';
import { type PhpValue, serialize, unserialize } from '#src/wire/php-serialize.js';

/** What PHP 8.2 gave for json_encode($value, JSON_UNESCAPED_UNICODE). */
const CASES: ReadonlyArray<readonly [what: string, value: PhpValue, json: string]> = [
  ['null', null, 'null'],
  ['a bool', true, 'true'],
  ['an int', -7, '-7'],
  ['an int beyond 2^53', 9_223_372_036_854_775_807n, '9223372036854775807'],
  ['a float', 2.5, '2.5'],
  ['a float that is whole', 1e16, '10000000000000000'],
  ['a large float', 1e25, '1.0e+25'],
  ['a small float', 1.5e-5, '1.5e-5'],
  ['minus zero', -0, '-0'],
  ['a slash', 'a/b', String.raw`"a\/b"`],
  ['what JSON escapes', '\u001f\u000b"\\\n', String.raw`"\u001f\u000b\"\\\n"`],
  ['text of all languages', '你好é😀', '"你好é😀"'],
  ['line ends of JavaScript', '\u2028\u2029', String.raw`"\u2028\u2029"`],
  ['a list', [1, [], 'x'], '[1,[],"x"]'],
  ['a map', { a: 1, 'b/c': { d: null } }, String.raw`{"a":1,"b\/c":{"d":null}}`],
  [
    'a list with its keys in another order',
    new Map([
      [1, 'b'],
      [0, 'a'],
    ]),
    '{"1":"b","0":"a"}',
  ],
  ['a list with gaps', new Map([[3, 'd']]), '{"3":"d"}'],
  ['a key of no special meaning', new Map([['__proto__', 1]]), '{"__proto__":1}'],
];

describe('JSON as PHP writes it', () => {
  for (const [what, value, json] of CASES) {
    it(what, () => {
      assert.equal(phpJson(unserialize(serialize(value))), json);
    });
  }

  for (const [what, value] of [
    ['bytes', [Buffer.from([0xff])]],
    ['NAN', NaN],
    ['INF', { a: -Infinity }],
  ] as const) {
    it(`has no ${what}`, () => {
      assert.throws(() => phpJson(unserialize(serialize(value))), {
        code: 'GW_SERIALIZE',
        message: /no JSON can hold/,
      });
    });
  }
});

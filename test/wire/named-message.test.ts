import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GatewayError } from '#src/base/errors.js';
import { Flag } from '#src/wire/command.js';
import {
  base64Text,
  dataText,
  packNamed,
  parseNamed,
  plainText,
  unpackNamed,
} from '#src/wire/named-bytes.js';
import {
  answerText,
  eventText,
  refusalText,
  requestText,
  sliceNamed,
  withoutArguments,
} from '#src/wire/named-message.js';
import { SeededRandom } from '../support/random.js';

/** The parts of a text, as text. */
function parts(text: string): object | undefined {
  const bytes = Buffer.from(text);
  const slices = sliceNamed(bytes);
  if (slices === undefined) return undefined;
  const { id, nameStart, nameEnd, member, valueStart, valueEnd } = slices;
  return {
    id,
    name: bytes.toString('utf8', nameStart, nameEnd),
    member,
    value: bytes.toString('utf8', valueStart, valueEnd),
  };
}

describe('a named message as text', () => {
  it('has one form, of which every part is found by its position', () => {
    const odd = 'a "quoted" \\ name\n\u{1f600}';
    const cases = [
      [
        eventText('said', '{"text":"}]"}'),
        { id: undefined, name: '"said"', member: 'data', value: '{"text":"}]"}' },
      ],
      [eventText(odd, undefined), { id: undefined, name: JSON.stringify(odd), member: undefined, value: '' }],
      [requestText(7, 'join', '1'), { id: 7, name: '"join"', member: 'data', value: '1' }],
      [requestText(0, 'join', undefined), { id: 0, name: '"join"', member: undefined, value: '' }],
      [answerText(2 ** 53 - 1, 'null'), { id: 2 ** 53 - 1, name: '', member: 'data', value: 'null' }],
      [answerText(7, undefined), { id: 7, name: '', member: undefined, value: '' }],
      [
        refusalText(7, { code: 'no', message: 'No.' }),
        { id: 7, name: '', member: 'error', value: '{"code":"no","message":"No."}' },
      ],
      [
        refusalText(undefined, { code: 'no', message: 'No.', event: 'say' }),
        { id: undefined, name: '', member: 'error', value: '{"code":"no","message":"No.","event":"say"}' },
      ],
      ['{"id":3,"event":"e","args":[1,[2]]}', { id: 3, name: '"e"', member: 'args', value: '[1,[2]]' }],
      ['{"id":3,"args":[]}', { id: 3, name: '', member: 'args', value: '[]' }],
    ] as const;
    for (const [text, expected] of cases) {
      assert.deepEqual(parts(text), expected, text);
      assert.doesNotThrow(() => JSON.parse(text) as unknown, text);
    }
  });

  it('is none in any other form', () => {
    for (const text of [
      '',
      '{}',
      '{',
      '[]',
      'null',
      '{"data":1}',
      '{"args":[]}',
      '{"event":1}',
      '{"event":"a',
      '{"event":"a"',
      '{"event":"a\\"}',
      '{"event":"a","other":1}',
      '{"event":"a","error":{}}',
      '{"event":"a","data":1',
      '{ "event":"a"}',
      '{"event": "a"}',
      '{"data":1,"event":"a"}',
      '{"id":,"event":"a"}',
      '{"id":-1,"event":"a"}',
      '{"id":1.5,"event":"a"}',
      '{"id":"1","event":"a"}',
      '{"id":9007199254740992,"event":"a"}',
      `{"id":${'9'.repeat(400)}}`,
      '{"id":1',
    ]) {
      assert.equal(parts(text), undefined, text);
    }
  });

  it('has data for those who know of no arguments', () => {
    const cases = [
      ['{"event":"e","args":[]}', '{"event":"e"}'],
      ['{"event":"e","args":[ ]}', '{"event":"e"}'],
      ['{"id":1,"event":"e","args":[{"a":[1,2]}]}', '{"id":1,"event":"e","data":{"a":[1,2]}}'],
      ['{"id":1,"args":["a,\\",b"]}', '{"id":1,"data":"a,\\",b"}'],
      ['{"event":"e","args":["\u{1f600}é"]}', '{"event":"e","data":"\u{1f600}é"}'],
      ['{"event":"e","args":[1,2]}', '{"event":"e","args":[1,2]}'],
      // a string that does not end
      ['{"event":"e","args":["a]}', '{"event":"e","args":["a]}'],
      ['{"event":"e","args":{}}', '{"event":"e","args":{}}'],
      ['{"event":"e","data":[1]}', '{"event":"e","data":[1]}'],
      ['[1]', '[1]'],
    ];
    for (const [text, expected] of cases) assert.equal(String(withoutArguments(Buffer.from(text))), expected);
  });
});

describe('a named message with bytes', () => {
  const bytes = Buffer.from([0, 255, 128]);

  it('carries them as they are, wherever they lie in the data', () => {
    const { json, attachments } = dataText({
      a: bytes,
      list: [1, new Uint8Array([7])],
      b: new Uint16Array([1]).buffer,
    });
    const body = packNamed(eventText('e', json), attachments);
    const { text, attachments: found } = unpackNamed(body);
    assert.deepEqual(parts(text.toString()), {
      id: undefined,
      name: '"e"',
      member: 'data',
      value:
        '{"a":{"_placeholder":true,"num":0},"list":[1,{"_placeholder":true,"num":1}],"b":{"_placeholder":true,"num":2}}',
    });
    assert.deepEqual(parseNamed(text, found), {
      event: 'e',
      data: { a: bytes, list: [1, Buffer.from([7])], b: Buffer.from([1, 0]) },
    });
  });

  it('is text with base64 for those who take only text', () => {
    const { json, attachments } = dataText({ a: bytes, says: '{"_placeholder":true,"num":0} é' });
    const text = base64Text(packNamed(eventText('e', json), attachments)).toString();
    assert.deepEqual(JSON.parse(text), {
      event: 'e',
      data: { a: { base64: 'AP+A' }, says: '{"_placeholder":true,"num":0} é' },
    });
  });

  it('may have been written by others, with spaces and in another order', () => {
    const body = packNamed('{"event":"e","args":[{ "num" : 0, "_placeholder":true }]}', [bytes]);
    assert.equal(
      plainText(body, Flag.NAMED | Flag.BINARY).toString(),
      '{"event":"e","data":{"base64":"AP+A"}}',
    );
    const { text, attachments } = unpackNamed(body);
    assert.deepEqual(parseNamed(text, attachments), { event: 'e', args: [bytes] });
  });

  it('keeps a placeholder for which there are no bytes', () => {
    const text = '{"event":"e","data":[{"_placeholder":true,"num":1},{"_placeholder":true,"num":-1}]}';
    assert.equal(base64Text(packNamed(text, [bytes])).toString(), text);
    assert.deepEqual(parseNamed(Buffer.from(text), [bytes]), JSON.parse(text));
  });

  it('has its bytes in one place: a short message is not to become a long one', () => {
    const body = packNamed(
      `{"event":"e","data":[${Array(3).fill('{"_placeholder":true,"num":0}').join()}]}`,
      [bytes],
    );
    const again = { _placeholder: true, num: 0 };
    const { text, attachments } = unpackNamed(body);
    assert.deepEqual(parseNamed(text, attachments), { event: 'e', data: [bytes, again, again] });
    assert.deepEqual(JSON.parse(base64Text(body).toString()), {
      event: 'e',
      data: [{ base64: 'AP+A' }, again, again],
    });
  });

  it('is not made of data that says so itself', () => {
    const again = { _placeholder: true, num: 0 };
    assert.throws(() => dataText({ note: again, bytes }), /"_placeholder":true\} stands for some/);
    assert.equal(dataText({ note: again }).json, '{"note":{"_placeholder":true,"num":0}}');
  });

  it('is refused when it is cut off', () => {
    const body = packNamed(eventText('e', '1'), [bytes]);
    for (let length = 1; length < body.length; length++) {
      if (length === body.length - 7) continue; // it ends with its text
      assert.throws(() => unpackNamed(body.subarray(0, length)), matches('GW_FRAME'), String(length));
    }
  });

  it('stands whatever comes', () => {
    const random = new SeededRandom(20261128);
    const bodies = [
      packNamed(eventText('said', '{"a":{"_placeholder":true,"num":0}}'), [bytes]),
      packNamed('{}', []),
    ];
    for (let round = 0; round < 20_000; round++) {
      const body = Buffer.from(random.pick(bodies));
      for (let edits = random.below(6); edits >= 0; edits--)
        body[random.below(body.length)] = random.below(256);
      sliceNamed(body);
      try {
        plainText(body, Flag.NAMED | Flag.BINARY);
        const { text, attachments } = unpackNamed(body);
        parseNamed(text, attachments);
      } catch (error) {
        if (error instanceof SyntaxError) continue;
        assert.ok(error instanceof GatewayError && error.code === 'GW_FRAME', String(error));
      }
    }
  });

  it('is refused in a circle, as JSON is', () => {
    const circle: Record<string, unknown> = { bytes: [] };
    circle['a'] = circle['b'] = circle;
    assert.throws(() => dataText(circle), TypeError);
  });
});

function matches(code: string): (error: unknown) => boolean {
  return (error) => error instanceof GatewayError && error.code === code;
}

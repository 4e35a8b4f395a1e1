import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Type } from 'typebox';
import { Gateway } from '#src/api/gateway-calls.js';
import { type SocketClient, boot, bootNode } from '#src/testing/index.js';
import { defineEvents } from '#src/worker/events.js';
import { Bytes, message } from '#src/worker/message.js';
import { Refused } from '#src/worker/refused.js';
import type { StandardSchema } from '#src/worker/schema-types.js';
import { fixture } from '../support/fixtures.js';

/** As validators are given texts of their own. */
const GREETING: StandardSchema<string> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: () => ({ issues: [{ message: 'Say something friendly.' }] }),
  },
};

const EVENTS = defineEvents({
  messages: {
    say: message({ text: Type.String() }, (client, { text }) => {
      client.join('tea');
      Gateway.emitToGroup('tea', 'said', { text, bytes: Buffer.from(text) });
    }),
    file: message({ file: Bytes }, (_, { file }) => ({ file, length: file.length })),
    greet: message(GREETING, () => {}),
    refuse: message(() => {
      throw new Refused('taken', 'It is taken');
    }),
    ask: message(async (client) => {
      try {
        return await client.request('sure', 'really');
      } catch (error) {
        return (error as Error).message;
      }
    }),
  },
});

describe('a test that speaks by names', { timeout: 20_000 }, () => {
  it('emits, is sent, asks, and answers', async (t) => {
    const app = await boot({ events: EVENTS });
    t.after(async () => await app.close());
    const ann = await app.connect();
    ann.emit('say', { text: 'hi' });
    const said = { text: 'hi', bytes: { base64: 'aGk=' } };
    assert.deepEqual(await ann.nextEvent('said'), said);
    assert.deepEqual(app.group('tea').messages, [JSON.stringify({ event: 'said', data: said })]);
    ann.emit('say', { text: 'again' });
    await assert.rejects(
      ann.nextEvent('heard'),
      /waits for 'heard', and what has come is "\{\\"event\\":\\"said\\"/,
    );

    const file = Buffer.from('xyz');
    assert.deepEqual(await ann.request('file', { file }), { file: { base64: 'eHl6' }, length: 3 });
    await assert.rejects(ann.request('refuse'), { name: 'Refused', code: 'taken', message: 'It is taken' });
    await assert.rejects(ann.request('say', { text: 1 }), {
      code: 'GW_MESSAGE',
      message: '/text must be string.',
    });

    await assert.rejects(ann.request('greet', ''), { message: 'The data Say something friendly.' });

    ann.answer('sure', (data) => ({ yes: data }));
    assert.deepEqual(await ann.request('ask'), { yes: 'really' });
    ann.answer('sure', () => {
      throw new Refused('no', 'I am not');
    });
    assert.match(await ann.request('ask'), /has refused the request 'sure': I am not\.$/);
    ann.answer('sure', () => {
      throw new Refused('no', 'The listener failed.');
    });
    assert.match(await ann.request('ask'), /has refused the request 'sure': The listener failed\.$/);
    await app.settled();
    assert.equal(ann.messages.length, 2, 'answers are no messages to be read');
    const asked = assert.rejects(ann.request('never'), /There is no message of this name here/);
    await asked;
    const late = assert.rejects(
      ann.request('ask'),
      /waits for an answer, and the connection was closed with 1000/,
    );
    ann.answer('sure', async () => await new Promise(() => {}));
    await ann.close();
    await late;
  });

  it('has what has no name handled by onMessage, and what has one that there is not', async (t) => {
    const { messages } = EVENTS;
    const app = await boot({
      events: { messages, onMessage: (client, text) => client.send(`unnamed ${String(text)}`) },
    });
    t.after(async () => await app.close());
    const ann = await app.connect();
    for (const text of [
      'hello',
      '{"event":"sayd","id":1}',
      '{"id":5,"data":1}',
      '{"id":5,"method":"x"}',
      '[]',
      '{"event":',
    ]) {
      ann.send(text);
      assert.equal(await ann.next(), `unnamed ${text}`);
    }
    assert.deepEqual(await ann.request('file', { file: { base64: '' } }), {
      file: { base64: '' },
      length: 0,
    });
  });

  it('does so at a real node as well, whose schemas are compiled in its threads', async (t) => {
    const node = await bootNode({ config: { worker: { count: 1, events: fixture('events/named') } } });
    t.after(async () => await node.close());
    const ann: SocketClient = await node.connect();
    assert.equal(await ann.request('add', { a: 1, b: 2 }), 3);
    ann.emit('say', { text: 'hi' });
    assert.equal((await ann.nextEvent<{ text: string }>('said')).text, 'hi');
  });

  it('is told at start what is wrong with a message', async () => {
    const wrong: readonly (readonly [messages: object, found: RegExp])[] = [
      [{ say: () => {} }, /has a message 'say' that cannot be used: it is none; expected message\(/],
      [{ say: null }, /has a message 'say' that cannot be used: it is none/],
      [
        { say: message({ type: 'string', maxLenght: 1 }, () => {}) },
        /'say' .*: its schema cannot be used: .*"maxLenght"/,
      ],
      [
        { say: message({ text: 'string' }, () => {}) },
        /'say' .*: "text" is no keyword of JSON Schema; .* each field must be a JSON Schema, such as \{ text: Type\.String\(\) \}/,
      ],
      [
        { say: message({ name: { type: 'string' }, text: 'string' }, () => {}) },
        /"text" is no keyword of JSON Schema; .* each field must be/,
      ],
      [{ say: message({ type: 'string', format: 'email' }, () => {}) }, /unknown format "email"/],
      [
        {
          say: message(
            { a: { '~standard': { version: 1, vendor: 'x', validate: () => ({ value: 1 }) } } },
            () => {},
          ),
        },
        /the field a is no JSON Schema; give the schema of the whole data/,
      ],
    ];
    for (const [messages, found] of wrong) {
      await assert.rejects(
        boot({ events: { messages } as never }),
        ({ code, message: text }: Error & { code: string }) => {
          assert.equal(code, 'GW_EVENTS_INVALID');
          assert.match(text, found);
          return true;
        },
      );
    }
    await assert.rejects(boot({ events: {} as never }), /it has neither onMessage nor messages/);
    await assert.rejects(boot({ events: { messages: 1 } as never }), /its messages are no object/);
    assert.throws(() => message({} as never, undefined as never), { code: 'GW_ARGUMENT' });
  });
});

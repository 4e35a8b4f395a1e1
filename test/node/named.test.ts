import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { NamedClient } from '../support/named-client.js';
import { NodeProcess } from '../support/node.js';
import { TextClient } from '../support/text-client.js';
import { WsClient } from '../support/ws-client.js';

describe('messages with names, of plain clients', { timeout: 60_000 }, () => {
  let node: NodeProcess;
  let ann: NamedClient;

  before(async () => {
    const listen = [{ url: 'ws://127.0.0.1:0' }, { url: 'text://127.0.0.1:0' }];
    node = await NodeProcess.start({ events: 'named', gateway: { listen }, worker: { count: 1 } });
    ann = await NamedClient.connect(node.url('ws'));
  });
  after(async () => await node.stop());

  it('come to their handlers, whose answers come back by their ids', async () => {
    assert.equal(await ann.call('add', { a: 1, b: 2 }), 3);
    assert.equal(await ann.call('raw', { list: [1, 2, 2] }), 3);
    assert.equal(await ann.call('standard', { name: '  ann ' }), 'ann');
    assert.equal(await ann.call('nothing'), undefined);
    assert.equal(await ann.call('nothing', { whatever: 1 }), undefined);
    ann.ws.send('{"data":{"b":4,"a":3},"event":"add","id":9}');
    assert.equal(await ann.ws.next(), '{"id":9,"data":7}');
  });

  it('go out as JSON text, or a line of it', async () => {
    const line = await TextClient.connect(node.url('text'));
    line.send('{"event":"say","data":{"text":"two\\nlines"}}');
    const said = await line.next();
    assert.match(said, /^\{"event":"said","data":\{"from":"[0-9a-f]{20}","text":"two\\nlines"\}\}$/);
    assert.equal(await ann.ws.next(), said);
    await line.close();
  });

  it('are refused with the place where they do not fit, and never reach the handler', async () => {
    const cases = [
      ['say', {}, { path: '/text', message: '/text is missing.' }],
      ['say', undefined, { path: '/text', message: '/text is missing.' }],
      ['say', { text: 1 }, { path: '/text', message: '/text must be string.' }],
      [
        'say',
        { text: 'x'.repeat(21) },
        { path: '/text', message: '/text must NOT have more than 20 characters.' },
      ],
      ['say', { text: 'x', 'a/b': 1 }, { path: '/a~1b', message: '/a~1b is not expected.' }],
      ['say', 'x', { message: 'The data must be object.' }],
      ['add', undefined, { message: 'The data is missing.' }],
      ['raw', { list: [1, 3] }, { path: '/list/1', message: '/list/1 must be one of [1,2].' }],
      ['standard', {}, { path: '/name', message: '/name must be a name.' }],
      ['bytes', { file: 'x' }, { path: '/file', message: '/file must be bytes, or {"base64":"…"}.' }],
      ['constructor', {}, { message: 'There is no message of this name here.' }],
    ] as const;
    const refused = (await node.status()).workers[0].refused;
    for (const [event, data, error] of cases) {
      const id = ann.request(event, data);
      assert.deepEqual(await ann.next(), { id, error: { code: 'GW_MESSAGE', ...error } });
      ann.emit(event, data);
      assert.deepEqual(await ann.next(), { error: { code: 'GW_MESSAGE', ...error, event } });
    }
    await node.until('all refusals', ({ workers }) => workers[0].refused === refused + 2 * cases.length);
    // what has `__proto__` as its own, as only JSON.parse makes it
    ann.ws.send('{"id":1,"event":"say","data":{"text":"x","__proto__":{"to":"y"}}}');
    assert.equal((await ann.next()).error?.path, '/__proto__');
  });

  it('are answered with what a handler refuses by, and with nothing of why it failed', async () => {
    assert.deepEqual(await ann.call('refuse'), { code: 'taken', message: 'Somebody else has this name' });
    for (const event of ['fail', 'circle']) {
      const error = { code: 'GW_HANDLER', message: 'The server could not handle this message.' };
      assert.deepEqual(await ann.call(event), error);
      ann.emit('fail');
      assert.deepEqual(await ann.next(), { error: { ...error, event: 'fail' } });
    }
    await node.logged("the message 'fail' failed: a secret");
    const { msg } = await node.logged("the message 'circle' failed");
    assert.match(msg, /The answer to 'circle' was given data that JSON cannot hold/);
  });

  it('are told so where they have no name, or an id that is none', async () => {
    const bob = await WsClient.connect(node.url('ws'));
    for (const text of [
      'hello',
      '',
      '[]',
      'null',
      '{}',
      '{"event":1}',
      '{"id":"x","data":1}',
      '{"id":1,"method":"rpc"}',
      '{"event":""}',
      '{"data":1}',
      '{"event":"say"',
    ]) {
      bob.send(text);
      assert.match(
        String(await bob.next()),
        /^\{"error":\{"code":"GW_MESSAGE","message":"This is no message with a name/,
      );
    }
    bob.send(Buffer.from('{"event":"nothing","id":1}'));
    assert.match(String(await bob.next()), /^\{"error":/);
    for (const id of ['-1', '1.5', '"1"', 'null', '9007199254740992', '[]']) {
      bob.send(`{"event":"who","id":${id}}`);
      assert.match(String(await bob.next()), /"message":"The id of a request must be/);
    }
    bob.send('{"event":"nothing","id":9007199254740991}');
    assert.equal(await bob.next(), '{"id":9007199254740991}');
    await bob.close();
  });

  it('carry bytes as base64, which plain clients send as well', async () => {
    const file = { base64: 'AP+A' };
    const id = ann.request('bytes', { file, list: [file] });
    assert.deepEqual(await ann.next(), { event: 'bytes', data: { file, list: [file] } });
    assert.deepEqual(await ann.next(), { id, data: { length: 3, isBuffer: true, lists: 1 } });
  });

  it('go to a client, a uid, a group or all', async () => {
    const id = ann.request('groups');
    const expected = [
      { event: 'group', data: 1 },
      { event: 'uid' },
      { event: 'client', data: { bytes: { base64: 'eA==' } } },
      { event: 'all', data: null },
      { id },
    ];
    for (const one of expected) assert.deepEqual(await ann.next(), one);
  });

  it('leave answers that nobody waits for without one', async () => {
    ann.ws.send('{"id":16777217,"data":1}');
    ann.ws.send('{"id":1}');
    ann.ws.send('{"error":{},"id":3,"args":[]}');
    assert.equal(await ann.call('add', { a: 1, b: 1 }), 2);
  });

  it('are told no long names again that they have made up', async () => {
    const long = 'x'.repeat(100_000);
    ann.emit(long, {});
    ann.emit('say', { text: 'x', [long]: 1 });
    for (let n = 0; n < 2; n++) {
      const { error } = await ann.next();
      assert.equal(error?.code, 'GW_MESSAGE');
      assert.ok(JSON.stringify(error).length < 500);
    }
  });

  it('may nest as deep as JSON does', async () => {
    const deep = 200_000;
    const nested = `${'['.repeat(deep)}${']'.repeat(deep)}`;
    ann.ws.send(`{"id":1,"event":"any","data":${nested}}`);
    const { error } = await ann.next();
    assert.equal(error?.code, 'GW_HANDLER');
    ann.ws.send(`{"id":2,"event":"say","data":{"text":${nested}}}`);
    assert.equal((await ann.next()).error?.path, '/text');
    assert.equal(await ann.call('add', { a: 1, b: 1 }), 2);
  });
});

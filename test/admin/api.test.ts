import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PartialResultError } from '#src/api/pending-queries.js';
import { GatewayError } from '#src/base/errors.js';
import { AdminScene } from '../support/admin-scene.js';

const HOUR = 3_600_000;
const ID = '7f00000108fc00000001';

function key(word: string): { headers: { 'Idempotency-Key': string } } {
  return { headers: { 'Idempotency-Key': word } };
}

describe('a batch over HTTP', () => {
  it('makes one call after another, each with its own result or error', async (t) => {
    const scene = await AdminScene.open(t);
    scene.onCall = (name) => {
      if (name === 'sendToClient') throw new GatewayError('GW_LINK_CLOSED', 'it is down');
      return name === 'isOnline' ? Promise.resolve(false) : true;
    };
    const { status, json } = await scene.admin.post('/api/batch', {
      calls: [
        { call: 'sendToGroup', arguments: { group: 'news', message: 'hi', exclude: ID } },
        { call: 'sendToClient', arguments: { clientId: ID, message: { base64: 'aGk=' } } },
        { call: 'isOnline', arguments: { clientId: ID } },
        { call: 'drained' },
      ],
    });
    assert.equal(status, 200);
    assert.deepEqual(json.result, [
      { result: true },
      { error: { code: 'GW_LINK_CLOSED', message: 'it is down' } },
      { result: false },
      { result: null },
    ]);
    assert.deepEqual(scene.calls, [
      ['sendToGroup', 'news', 'hi', { exclude: ID }],
      ['sendToClient', ID, Buffer.from('hi'), {}],
      ['isOnline', ID],
    ]);
  });

  it('does nothing when one of its calls is wrong, and says which', async (t) => {
    const scene = await AdminScene.open(t);
    const good = { call: 'sendToAll', arguments: { message: 'hi' } };
    for (const [calls, message] of [
      [[good, { call: 'sendToNobody' }], /calls\[1\] of the batch is no call; expected \{"calls"/],
      [
        [good, good, { call: 'sendToAll', arguments: {} }],
        /calls\[2\] is wrong.*sendToAll was given no message/,
      ],
      [
        [{ call: 'sendToGroup', arguments: { group: 'news', mesage: 'x' } }],
        /calls\[0\] is wrong.*sendToGroup has no argument "mesage"; did you mean "message"\?/,
      ],
      [[{ ...good, more: 1 }], /calls\[0\] of the batch is no call/],
      [Array.from({ length: 1001 }, () => good), /more than 1000 calls/],
      ['sendToAll', /The body is no batch/],
    ] as const) {
      const { status, json } = await scene.admin.post('/api/batch', { calls });
      assert.equal(status, 400);
      assert.match(json.error?.message ?? '', message);
    }
    assert.deepEqual(scene.calls, []);
  });
});

describe('an Idempotency-Key', () => {
  it('has a request done once, though it comes again, at once or later', async (t) => {
    const scene = await AdminScene.open(t);
    const push = async () => await scene.admin.post('/api/sendToAll', { message: 'hi' }, key('one'));
    const answers = [...(await Promise.all([push(), push()])), await push()];
    assert.deepEqual(
      answers.map(({ status, json }) => [status, json.result]),
      [
        [200, true],
        [200, true],
        [200, true],
      ],
    );
    assert.equal(answers.filter(({ headers }) => headers['idempotent-replayed'] === 'true').length, 2);
    assert.equal(scene.calls.length, 1);
    await scene.admin.post('/api/sendToAll', { message: 'hi' }, key('two'));
    assert.equal(scene.calls.length, 2);
    scene.clock.advance(24 * HOUR);
    await push();
    assert.equal(scene.calls.length, 3);
  });

  it('is refused for another request', async (t) => {
    const scene = await AdminScene.open(t);
    await scene.admin.post('/api/sendToAll', { message: 'hi' }, key('one'));
    for (const [path, body] of [
      ['/api/sendToAll', { message: 'ho' }],
      ['/api/sendToGroup', { message: 'hi', group: 'a' }],
    ] as const) {
      const { status, json } = await scene.admin.post(path, body, key('one'));
      assert.equal(status, 422);
      assert.match(json.error?.message ?? '', /came before, with another request/);
    }
    assert.equal(
      (await scene.admin.post('/api/sendToAll', { message: 'hi' }, key('x'.repeat(256)))).status,
      400,
    );
    assert.equal(scene.calls.length, 1);
  });

  it('does not keep what failed: it may be tried again', async (t) => {
    const scene = await AdminScene.open(t);
    scene.onCall = () => {
      throw new GatewayError('GW_OVERFLOW', 'too much');
    };
    const push = async () => await scene.admin.post('/api/sendToAll', { message: 'hi' }, key('one'));
    assert.equal((await push()).status, 503);
    scene.onCall = () => true;
    assert.equal((await push()).status, 200);
    assert.equal(scene.calls.length, 2);
  });

  it('is for a batch as a whole', async (t) => {
    const scene = await AdminScene.open(t);
    const calls = [{ call: 'sendToAll', arguments: { message: 'hi' } }];
    await scene.admin.post('/api/batch', { calls }, key('one'));
    const { json } = await scene.admin.post('/api/batch', { calls }, key('one'));
    assert.deepEqual(json.result, [{ result: true }]);
    assert.equal(scene.calls.length, 1);
  });

  it('is forgotten when there are too many, the oldest first', { timeout: 60_000 }, async (t) => {
    const scene = await AdminScene.open(t);
    // 16 MiB hold about 40 answers of this size
    scene.onCall = () => 'x'.repeat(400_000);
    const push = async (word: string) =>
      await scene.admin.post('/api/sendToAll', { message: 'hi' }, key(word));
    for (let n = 0; n < 50; n++) await push(`key ${n}`);
    assert.equal((await push('key 49')).headers['idempotent-replayed'], 'true');
    assert.equal((await push('key 0')).headers['idempotent-replayed'], undefined);
  });
});

describe('the HTTP API', () => {
  it('says what is known when some gateways did not answer', async (t) => {
    const scene = await AdminScene.open(t);
    scene.onCall = (name) => {
      throw new PartialResultError(name, { red: 2, big: 9007199254740993n }, [
        { ip: 0x7f000001, port: 2900 },
      ]);
    };
    const { status, json } = await scene.admin.post('/api/getAllGroupClientIdCount');
    assert.equal(status, 504);
    assert.equal(json.error?.code, 'GW_TIMEOUT');
    assert.deepEqual(json.partial, { red: 2, big: '9007199254740993' });
    assert.deepEqual(json.missing, ['127.0.0.1:2900']);
  });

  it('names errors of its own, and of the calls, with their statuses', async (t) => {
    const scene = await AdminScene.open(t);
    for (const [code, expected] of [
      ['GW_ARGUMENT', 400],
      ['GW_SESSION', 400],
      ['GW_CONTROL', 409],
      ['GW_EVENTS_COMPILE', 422],
      ['GW_LINK_CLOSED', 503],
      ['GW_CLUSTER', 503],
    ] as const) {
      scene.onCall = () => {
        throw new GatewayError(code, 'why');
      };
      const { status, json } = await scene.admin.post('/api/sendToAll', { message: 'hi' });
      assert.deepEqual([status, json], [expected, { error: { code, message: 'why' } }]);
    }
    scene.onCall = () => {
      throw new TypeError('a fault of ours');
    };
    const fault = await scene.admin.post('/api/sendToAll', { message: 'hi' });
    assert.equal(fault.status, 500);
    assert.ok(!fault.body.includes('a fault of ours'));
    const [line] = scene.log.lines;
    assert.match(JSON.stringify(line), /a fault of ours/);
    const unknown = await scene.admin.post('/api/sendToGrup');
    assert.deepEqual(
      [unknown.status, unknown.json.error?.message],
      [404, 'The Gateway API has no call "sendToGrup"; did you mean "sendToGroup"?'],
    );
    const misspelt = await scene.admin.post('/api/sendToGroup', { group: 'news', mesage: 'x' });
    assert.deepEqual(
      [misspelt.status, misspelt.json.error?.message],
      [400, 'sendToGroup has no argument "mesage"; did you mean "message"?'],
    );
  });

  it('is only for questions where it is read-only', async (t) => {
    const scene = await AdminScene.open(t, { readOnly: true });
    const send = { call: 'sendToAll', arguments: { message: 'hi' } };
    for (const [path, body] of [
      ['/api/sendToAll', send.arguments],
      ['/api/batch', { calls: [{ call: 'getAllClientCount' }, send] }],
      ['/api/reload', {}],
    ] as const) {
      const { status, json } = await scene.admin.post(path, body);
      assert.equal(status, 403);
      assert.match(json.error?.message ?? '', /changes something, and admin\.readOnly is true/);
    }
    assert.deepEqual([scene.calls, scene.requests], [[], []]);
    scene.onCall = () => 3;
    assert.equal(await scene.admin.result('/api/getAllClientCount'), 3);
    assert.deepEqual(await scene.admin.result('/api/batch', { calls: [{ call: 'getAllClientCount' }] }), [
      { result: 3 },
    ]);
    assert.equal((await scene.admin.get('/api/status')).status, 200);
  });

  it('waits with its answer when much waits to go out', async (t) => {
    const scene = await AdminScene.open(t);
    scene.onCall = () => false;
    let goOut!: () => void;
    scene.drained = new Promise((resolve) => (goOut = resolve));
    let answered = false;
    const pushed = scene.admin.result('/api/sendToAll', { message: 'hi' }).finally(() => (answered = true));
    while (scene.calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await scene.admin.get('/api/status')).status, 200);
    assert.equal(answered, false);
    goOut();
    assert.equal(await pushed, false);
  });

  it('says in the log what may have been lost, and not to somebody else', async (t) => {
    const scene = await AdminScene.open(t);
    scene.drained = Promise.reject(new GatewayError('GW_LINK_CLOSED', 'the gateway has died'));
    // whoever waits for it is told
    scene.drained.catch(() => {});
    assert.equal(await scene.admin.result('/api/sendToAll', { message: 'hi' }), true);
    assert.equal(
      (await scene.log.logged('may not have arrived')).msg,
      'what was pushed by HTTP may not have arrived',
    );
  });

  it('says that a node which is not up is to be asked later', async (t) => {
    const scene = await AdminScene.open(t);
    scene.phase = 'stopping';
    scene.onCall = () => {
      throw new GatewayError('GW_CONTROL', 'The node is stopping');
    };
    assert.equal((await scene.admin.post('/api/sendToAll', { message: 'hi' })).status, 503);
  });
});

describe('a health check', () => {
  it('says why clients had better go elsewhere', async (t) => {
    const scene = await AdminScene.open(t);
    const reasons = async () => {
      const { status, json } = await scene.admin.bare('/readyz', { headers: { Host: 'anything' } });
      return [status, json.status, json.reasons];
    };
    const well = { workers: [{ state: 'serving' }], roles: ['gateway', 'worker'], listeners: [{}] };
    scene.status = well;
    assert.deepEqual(await reasons(), [200, 'ready', []]);
    scene.status = { ...well, workers: [{ state: 'down', lastExit: 'a secret' }] };
    assert.deepEqual(await reasons(), [503, 'not ready', ['no worker serves']]);
    scene.status = { ...well, listeners: [] };
    assert.deepEqual(await reasons(), [503, 'not ready', ['no port for clients is open']]);
    scene.status = { ...well, members: [{ state: 'down' }, { state: 'silent' }] };
    assert.deepEqual(await reasons(), [503, 'not ready', ['none of the 2 nodes is up']]);
    scene.status = { ...well, roles: ['register'], workers: [], listeners: [] };
    assert.deepEqual(await reasons(), [200, 'ready', []]);
    for (const phase of ['starting', 'stopping'] as const) {
      scene.phase = phase;
      assert.deepEqual(await reasons(), [503, 'not ready', [`the node is ${phase}`]]);
      assert.equal((await scene.admin.bare('/livez')).status, 200);
    }
  });
});

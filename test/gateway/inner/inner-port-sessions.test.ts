import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClientRecord } from '#src/gateway/client-record.js';
import { decodeClientState } from '#src/wire/client-state.js';
import { Command, Flag } from '#src/wire/command.js';
import { unserialize } from '#src/wire/php-serialize.js';
import { decodeSession } from '#src/wire/session.js';
import { InnerScene } from '../../support/inner-scene.js';

describe('the inner port: sessions in a mixed cluster', () => {
  it('PHP sets one, a worker of ours reads and patches it, PHP reads it', async (t) => {
    const scene = await InnerScene.create(t);
    const ours = await scene.nodeWorker();
    const php = await scene.client();
    const { id, transport } = scene.join();
    await ours.nextFrame();
    const set = Buffer.from(
      'a:3:{s:4:"name";s:3:"Ann";s:5:"price";d:2;s:3:"key";s:2:"\u00ff\u00fe";}',
      'latin1',
    );
    php.send({ command: Command.SET_SESSION, connectionId: id, ext: set });
    await php.settled();

    scene.message(transport, 'hi');
    const event = await ours.nextFrame();
    const state = decodeClientState(event.ext);
    assert.deepEqual(decodeSession(state.session), {
      name: 'Ann',
      price: 2,
      key: Buffer.from([0xff, 0xfe]),
    });
    ours.send(
      {
        command: Command.PATCH_SESSION,
        connectionId: id,
        ext: '{"set":{"name":"Bob","seen":1},"delete":[]}',
        clientIp: state.epoch,
        flags: Flag.COUNTED,
      },
      { command: Command.GET_SESSION_BY_CLIENT_ID, connectionId: id, flags: Flag.REQUEST, clientIp: 5 },
    );
    const expected =
      'a:4:{s:4:"name";s:3:"Bob";s:5:"price";d:2;s:3:"key";s:2:"\u00ff\u00fe";s:4:"seen";i:1;}';
    const reply = await ours.nextFrame();
    assert.deepEqual(unserialize(reply.body), Buffer.from(expected, 'latin1'));
    assert.equal(await php.ask({ command: Command.GET_SESSION_BY_CLIENT_ID, connectionId: id }), expected);

    php.send({ command: Command.UPDATE_SESSION, connectionId: id, ext: 'a:1:{s:5:"price";d:3;}' });
    const updated = expected.replace('d:2;', 'd:3;');
    for (const [query, ext] of [
      [Command.GET_ALL_CLIENT_SESSIONS, ''],
      [Command.SELECT, '{"fields":["session"],"where":[]}'],
    ] as const) {
      assert.ok((await php.ask({ command: query, ext })).includes(`s:${updated.length}:"${updated}"`));
    }
  });

  it('a worker of ours sets one, PHP’s workers and clients read it as PHP', async (t) => {
    const scene = await InnerScene.create(t, { gateway: { router: 'least-connections' } });
    const php = await scene.phpWorker();
    const { id, transport } = scene.join();
    await php.nextFrame();
    const ours = await scene.nodeWorker();
    ours.send(
      { command: Command.SET_SESSION, connectionId: id, ext: '{"tags":["a"],"n":1.5}' },
      { command: Command.BIND_UID, connectionId: id, ext: 'u1' },
      { command: Command.IS_ONLINE, flags: Flag.REQUEST },
    );
    await ours.nextFrame();
    const expected = 'a:2:{s:4:"tags";a:1:{i:0;s:1:"a";}s:1:"n";d:1.5;}';
    scene.message(transport, 'hi');
    const event = await php.nextFrame();
    assert.equal(event.extText(), expected);
    assert.equal(event.flags, Flag.PLAIN_BODY);
    const client = await scene.client();
    assert.equal(await client.ask({ command: Command.GET_SESSION_BY_CLIENT_ID, connectionId: id }), expected);
    const all = await client.ask({ command: Command.GET_ALL_CLIENT_SESSIONS });
    assert.equal(all, `a:1:{i:${id};s:${expected.length}:"${expected}";}`);
  });

  it('one that PHP cannot hold is kept from PHP, named in the log, and not lost', async (t) => {
    const scene = await InnerScene.create(t);
    const php = await scene.phpWorker();
    const { id, transport } = scene.join();
    await php.nextFrame();
    const deep = `{"deep":${'['.repeat(100)}${']'.repeat(100)}}`;
    (transport.client as ClientRecord).ensureState().replace(Buffer.from(deep));
    scene.message(transport, 'hi');
    const event = await php.nextFrame();
    assert.deepEqual([event.extText(), event.bodyText()], ['', 'hi']);
    const client = await scene.client();
    assert.equal(await client.ask({ command: Command.GET_ALL_CLIENT_SESSIONS }), `a:1:{i:${id};s:0:"";}`);
    assert.match(scene.log.at(-1)?.msg ?? '', /PHP is not given a session: .*64 levels/);
    assert.equal((transport.client as ClientRecord).ensureState().bytes.toString(), deep);
  });

  it('a client that has left its groups, or lost its uid, is told from one that never had any, as PHP does', async (t) => {
    const scene = await InnerScene.create(t);
    const client = await scene.client();
    const { id } = scene.join();
    const select = { command: Command.SELECT, ext: '{"fields":["uid","groups"],"where":[]}' };
    assert.equal(await client.ask(select), `a:1:{i:${id};a:2:{s:3:"uid";N;s:6:"groups";N;}}`);
    client.send(
      { command: Command.BIND_UID, connectionId: id, ext: '0' },
      { command: Command.JOIN_GROUP, connectionId: id, ext: '0' },
      { command: Command.BIND_UID, connectionId: id, ext: 'u' },
      { command: Command.JOIN_GROUP, connectionId: id, ext: 'g' },
      { command: Command.UNBIND_UID, connectionId: id, ext: 'u' },
      { command: Command.LEAVE_GROUP, connectionId: id, ext: 'g' },
    );
    assert.equal(await client.ask(select), `a:1:{i:${id};a:2:{s:3:"uid";N;s:6:"groups";a:0:{}}}`);
    assert.equal(await client.ask({ command: Command.GET_GROUP_ID_LIST }), 'a:0:{}');
  });
});

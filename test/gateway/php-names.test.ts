import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Command } from '#src/wire/command.js';
import { unserialize } from '#src/wire/php-serialize.js';
import type { PhpDecoded, PhpKey } from '#src/wire/php-value.js';
import { InnerScene } from '../support/inner-scene.js';
import type { RawPeer } from '../support/raw-peer.js';

/*
 * Uids and groups as a PHP GatewayClient sends them: alone as text, in a list as json_encode writes it. The names on the
 * right are the keys that PHP's arrays make of them, as PHP 8.2 showed.
 */

const IN_LISTS: Readonly<Record<string, string>> = {
  '12': '12',
  '-5': '-5',
  '9007199254740993': '9007199254740993',
  '-9007199254740995': '-9007199254740995',
  '9223372036854775807': '9223372036854775807',
  '-9223372036854775808': '-9223372036854775808',
  // beyond int64 it is a float to PHP, and wraps around as a key
  '10000000000000000000': '-8446744073709551616',
  '1.0e+25': '1590897979265384448',
  '2.5': '2',
  '-2.7': '-2',
  true: '1',
  '"9007199254740993"': '9007199254740993',
  '"a,[1234567890123456789]:\\"1234567890123456789"': 'a,[1234567890123456789]:"1234567890123456789',
  '"01"': '01',
  '"room"': 'room',
  '"大厅"': '大厅',
  '"\\u5927\\u5385"': '大厅',
  '"a\\/b"': 'a/b',
  '"\\"],\\"exclude\\":null}"': '"],"exclude":null}',
};

async function asked(peer: RawPeer, command: number, ext: string): Promise<Map<PhpKey, PhpDecoded>> {
  peer.send({ command, ext });
  return unserialize((await peer.nextReply()).subarray(4)) as Map<PhpKey, PhpDecoded>;
}

function byName(map: Map<PhpKey, PhpDecoded>): Map<string, PhpDecoded> {
  return new Map(Array.from(map, ([key, value]) => [String(key), value]));
}

describe('names in the lists of a PHP GatewayClient', () => {
  for (const [json, name] of Object.entries(IN_LISTS)) {
    // a list with gaps is an object to PHP
    for (const list of [`[${json}]`, `{"3":${json}}`, `["x", ${json} ,7]`]) {
      it(`${list} names ${name} in every call`, async (t) => {
        const scene = await InnerScene.create(t);
        const { transport, id } = scene.join();
        const peer = await scene.client();
        peer.send({ command: Command.BIND_UID, connectionId: id, ext: name });
        peer.send({ command: Command.JOIN_GROUP, connectionId: id, ext: name });
        peer.send({ command: Command.SEND_TO_UID, ext: list, body: 'uid' });
        peer.send({ command: Command.SEND_TO_GROUP, ext: `{"group":${list},"exclude":null}`, body: 'group' });

        const ids = await asked(peer, Command.BATCH_GET_CLIENT_ID_BY_UID, list);
        const counts = await asked(peer, Command.BATCH_GET_CLIENT_COUNT_BY_GROUP, list);
        for (const where of ['uid', 'groups']) {
          const select = `{"fields":["uid"],"where":{"${where}":${list}}}`;
          const found = await asked(peer, Command.SELECT, select);
          assert.deepEqual([...found.keys()], [id], where);
        }
        await transport.until('both messages', () => transport.written === 'uid\ngroup\n');
        assert.deepEqual(byName(ids).get(name), new Map([[0, id]]));
        assert.deepEqual(byName(counts).get(name), 1);
        assert.deepEqual(scene.refusals, {});
      });
    }
  }

  it('an int64 is an int in answers, as PHP has it', async (t) => {
    const scene = await InnerScene.create(t);
    const { id } = scene.join();
    const peer = await scene.client();
    peer.send({ command: Command.JOIN_GROUP, connectionId: id, ext: '9007199254740993' });
    peer.send({ command: Command.GET_GROUP_ID_LIST });
    assert.equal((await peer.nextReply()).toString('latin1', 4), 'a:1:{i:0;i:9007199254740993;}');
    peer.send({ command: Command.BATCH_GET_CLIENT_COUNT_BY_GROUP, ext: '[9007199254740993,true,2.5]' });
    const answer = (await peer.nextReply()).toString('latin1', 4);
    assert.equal(answer, 'a:3:{i:9007199254740993;i:1;i:1;i:0;i:2;i:0;}');
  });

  it('what is no JSON is none for its long ints, either', async (t) => {
    const scene = await InnerScene.create(t);
    const peer = await scene.client();
    for (const ext of ['[09007199254740993]', '{9007199254740993:1}', '[9007199254740993x]']) {
      peer.send({ command: Command.SEND_TO_UID, ext, body: 'nobody' });
    }
    await peer.settled();
    assert.deepEqual(scene.refusals, { command: 3 });
  });
});

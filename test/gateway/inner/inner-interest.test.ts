import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import { Command, Flag, WorkerState } from '#src/wire/command.js';
import { HEADER_LENGTH, type ReceivedFrame } from '#src/wire/frame.js';
import { InterestWord, applyChanges, bitmapOf, hasName } from '#src/wire/interest.js';
import { NameHash, type NameKind } from '#src/wire/name-hash.js';
import { INTEREST_FEATURE, NODE_FEATURE } from '#src/wire/worker-connect.js';
import { InnerScene } from '../../support/inner-scene.js';
import type { RawPeer } from '../../support/raw-peer.js';

const FEATURES = [NODE_FEATURE, INTEREST_FEATURE];

/** What the gateway tells of its interest over one link, as it comes. */
class Follower {
  readonly peer: RawPeer;
  #bitmap: Buffer | undefined;

  constructor(peer: RawPeer) {
    this.peer = peer;
  }

  static async create(scene: InnerScene, key: string): Promise<Follower> {
    const follower = new Follower(await scene.nodeWorker(key, WorkerState.READY, FEATURES));
    follower.peer.send({ command: Command.INTEREST, clientPort: InterestWord.FOLLOW });
    assert.equal((await follower.next()).clientPort, InterestWord.SNAPSHOT);
    return follower;
  }

  /** The next frame; one of the interest is taken to heart. */
  async next(): Promise<ReceivedFrame> {
    const frame = await this.peer.nextFrame();
    if (frame.command !== Command.INTEREST) return frame;
    if (frame.clientPort === InterestWord.SNAPSHOT) this.#bitmap = bitmapOf(frame);
    else if (frame.clientPort === InterestWord.CHANGES) applyChanges(this.#bitmap as Buffer, frame);
    return frame;
  }

  has(kind: NameKind, name: string): boolean {
    const { first, second } = new NameHash().of(kind, name);
    return hasName(this.#bitmap as Buffer, first, second);
  }
}

/** A frame of the interest in short: `VERSION 3`; others by their commands. */
function short({ command, clientPort, clientIp }: ReceivedFrame): string {
  const word = Object.entries(InterestWord).find(([, number]) => number === clientPort)?.[0];
  return command === Command.INTEREST ? `${word} ${clientIp}` : `command ${command}`;
}

async function create(t: TestContext): Promise<InnerScene> {
  return await InnerScene.create(t, { secretKey: 'open' });
}

describe('the inner port: which uids and groups there are', () => {
  it('is told before anything that may tell of it: to clients, in answers, over other links', async (t) => {
    const scene = await create(t);
    const follower = await Follower.create(scene, 'node-b:0');
    const other = await scene.nodeWorker('node-b:1', WorkerState.READY, FEATURES);
    const { id, transport } = scene.join();
    assert.equal((await follower.next()).command, Command.ON_CONNECT);

    const changed = follower.next();
    const client = await scene.client();
    // all in one turn of the gateway's
    client.send(
      { command: Command.JOIN_GROUP, connectionId: id, ext: 'red' },
      { command: Command.SEND_TO_ONE, connectionId: id, body: 'you are in' },
      { command: Command.GET_CLIENT_COUNT_BY_GROUP, ext: 'red' },
    );
    assert.equal((await client.nextReply()).subarray(4).toString(), 'i:1;');
    assert.equal(short(await changed), 'CHANGES 2');
    assert.ok(follower.has('group', 'red'));
    assert.equal(transport.written, 'you are in\n');

    other.send({ command: Command.IS_ONLINE, connectionId: id, flags: Flag.REQUEST, clientIp: 77 });
    assert.deepEqual(
      [short(await other.nextFrame()), (await other.nextFrame()).clientIp],
      ['VERSION 2', 77],
      'an answer may be of what the interest has become',
    );
    client.send({ command: Command.LEAVE_GROUP, connectionId: id, ext: 'red' });
    await client.settled();
    scene.clock.advance(50);
    assert.equal(short(await follower.next()), 'CHANGES 3');
    assert.ok(!follower.has('group', 'red'));
  });

  it('a client’s answer is written after the word of what came in the same turn', async (t) => {
    const scene = await create(t);
    const follower = await Follower.create(scene, 'node-b:0');
    const { id, transport } = scene.join();
    await follower.next();
    const order: string[] = [];
    const { interest } = scene.gateway;
    const flush = interest.flush.bind(interest);
    t.mock.method(interest, 'flush', () => {
      order.push('flushed');
      flush();
    });
    t.mock.method(transport, 'write', () => order.push('written'));
    // first something else is written in that turn, so that it ends with the clients' messages
    follower.peer.send(
      { command: Command.SEND_TO_ONE, connectionId: id, body: 'one' },
      { command: Command.BIND_UID, connectionId: id, ext: 'ann' },
    );
    assert.equal(short(await follower.next()), 'CHANGES 2');
    assert.deepEqual(order.slice(0, 2), ['flushed', 'written']);
    assert.ok(follower.has('uid', 'ann'));
  });

  it('a barrier comes back behind what was sent before it, with the version that has it', async (t) => {
    const scene = await create(t);
    const [follower, other] = [
      await Follower.create(scene, 'node-b:0'),
      await scene.nodeWorker('node-b:1', WorkerState.READY, FEATURES),
    ];
    const { id } = scene.join();
    await follower.next();
    other.send(
      { command: Command.BIND_UID, connectionId: id, ext: 'ann' },
      { command: Command.INTEREST, clientPort: InterestWord.BARRIER },
    );
    assert.equal(short(await other.nextFrame()), 'BARRIER 2');
    assert.equal(short(await follower.next()), 'CHANGES 2');
    assert.ok(follower.has('uid', 'ann'));
  });

  it('a worker that comes while others follow knows what it does not have yet', async (t) => {
    const scene = await create(t);
    const { id } = scene.join();
    const follower = await Follower.create(scene, 'node-b:0');
    follower.peer.send({ command: Command.BIND_UID, connectionId: id, ext: 'ann' });
    while (!follower.has('uid', 'ann')) await follower.next();
    const late = await scene.connect();
    late.introduce('node-c:0', 'open', FEATURES);
    assert.equal((await late.nextFrame()).command, Command.WORKER_CONNECT);
    assert.equal(short(await late.nextFrame()), 'VERSION 2');
  });

  it('nobody hears of it who does not know of it, and who asks otherwise is refused', async (t) => {
    const scene = await create(t);
    const follower = await Follower.create(scene, 'node-b:0');
    const old = await scene.nodeWorker('old:0', WorkerState.READY, [NODE_FEATURE]);
    const php = await scene.phpWorker();
    const { id } = scene.join();
    follower.peer.send({ command: Command.BIND_UID, connectionId: id, ext: 'ann' });
    while (!follower.has('uid', 'ann')) await follower.next();
    php.send({ command: Command.IS_ONLINE, connectionId: id });
    old.send({ command: Command.IS_ONLINE, connectionId: id, flags: Flag.REQUEST, clientIp: 9 });
    assert.ok(!(await heard(php)).includes(Command.INTEREST));
    assert.ok(!(await heard(old)).includes(Command.INTEREST));

    old.send({ command: Command.INTEREST, clientPort: InterestWord.FOLLOW });
    await scene.say(old, WorkerState.READY);
    follower.peer.send({ command: Command.INTEREST, clientPort: 99 });
    follower.peer.send({ command: Command.INTEREST, clientPort: InterestWord.BARRIER });
    let last = await follower.next();
    while (last.command !== Command.INTEREST) last = await follower.next();
    assert.equal(last.clientPort, InterestWord.BARRIER, 'the link goes on');
    assert.deepEqual(scene.refusals, { command: 2 });
  });
});

/** The commands that come until an answer does: a REPLY, or PHP's, which is no frame. */
async function heard(peer: RawPeer): Promise<number[]> {
  const commands: number[] = [];
  for (;;) {
    const length = (await peer.take(4)).readUInt32BE();
    if (length < HEADER_LENGTH) {
      await peer.take(length);
      return commands;
    }
    const command = (await peer.take(length - 4))[0];
    if (command === Command.REPLY) return commands;
    commands.push(command);
  }
}

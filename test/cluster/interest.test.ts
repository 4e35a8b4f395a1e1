import assert from 'node:assert/strict';
import { type TestContext, describe, test } from 'node:test';
import { Interests } from '#src/cluster/interests.js';
import { NameFilter } from '#src/gateway/name-filter.js';
import { Command } from '#src/wire/command.js';
import type { Frame } from '#src/wire/frame.js';
import { encodeHandshakeAnswer } from '#src/wire/handshake-answer.js';
import { InterestWord, changesBytes, interestBytes } from '#src/wire/interest.js';
import { INTEREST_FEATURE } from '#src/wire/worker-connect.js';
import { FakeGateway } from '../support/fake-gateway.js';
import { LinkSetScene } from '../support/link-set-scene.js';
import type { PhpConnection } from '../support/php-gateway.js';

/** Beyond the first backoff, with whatever jitter. */
const RETRY = 1250;
const LOCAL = { ip: 0x7f000001, port: 1 };
/** Of the words, by their numbers. */
const NAMES = Object.fromEntries(Object.entries(InterestWord).map(([name, number]) => [number, name]));

/** A test with a bound: what these wait for either comes at once or never. */
function it(name: string, run: (t: TestContext) => Promise<void>): void {
  test(name, { timeout: 10_000 }, run);
}

/** A gateway that tells its interest: what that is says the test. */
async function telling(t: TestContext): Promise<FakeGateway> {
  const gateway = await FakeGateway.ours(0, [INTEREST_FEATURE]);
  t.after(() => gateway.close());
  return gateway;
}

function toUid(...uids: readonly string[]): Partial<Frame> {
  return { command: Command.SEND_TO_UID, ext: JSON.stringify(uids), body: uids.join() };
}

function toGroup(...groups: readonly string[]): Partial<Frame> {
  const ext = JSON.stringify({ group: groups, exclude: null });
  return { command: Command.SEND_TO_GROUP, ext, body: groups.join() };
}

/** What of these sends comes to the gateway, by their bodies. */
async function sent(
  scene: LinkSetScene,
  gateway: FakeGateway,
  ...sends: Partial<Frame>[]
): Promise<string[]> {
  for (const send of sends) scene.send(send);
  scene.send({ command: Command.SEND_TO_ALL, body: 'end' });
  const bodies: string[] = [];
  for (;;) {
    const frame = await gateway.nextOf([Command.SEND_TO_UID, Command.SEND_TO_GROUP, Command.SEND_TO_ALL]);
    if (frame.command === Command.SEND_TO_ALL) return bodies;
    bodies.push(frame.bodyText());
  }
}

/** The words of the interest that have come to the gateway over a connection: all before what `sent` has waited for. */
function words(gateway: FakeGateway, connection = 0): string[] {
  const { frames } = gateway.connections[connection];
  return frames
    .filter(({ command }) => command === Command.INTEREST)
    .map(({ clientPort }) => NAMES[clientPort]);
}

/** The gateway says something over a connection; resolves when the slot has heard it. */
async function say(
  scene: LinkSetScene,
  gateway: FakeGateway,
  bytes: Buffer,
  connection: PhpConnection | undefined = gateway.connections.at(-1),
): Promise<void> {
  const { length } = scene.thread.frames;
  connection?.socket.write(bytes);
  gateway.send({ command: Command.ON_MESSAGE, connectionId: 1 }, connection);
  await scene.thread.count(length + 1);
}

/** A filter with these uids, and how it changes when another one comes. */
class Told {
  readonly #filter = new NameFilter(0);

  constructor(...uids: readonly string[]) {
    for (const uid of uids) this.#filter.add('uid', uid);
  }

  snapshot(version: number): Buffer {
    return interestBytes(InterestWord.SNAPSHOT, version, this.#filter.bitmap);
  }

  add(version: number, uid: string): Buffer {
    const changes: number[] = [];
    this.#filter.add('uid', uid, changes);
    return changesBytes(version, changes);
  }

  remove(version: number, uid: string): Buffer {
    const changes: number[] = [];
    this.#filter.remove('uid', uid, changes);
    return changesBytes(version, changes);
  }
}

/** A slot whose gateway has told these uids, and nothing is marked any more. */
async function following(
  t: TestContext,
  ...uids: readonly string[]
): Promise<{ scene: LinkSetScene; gateway: FakeGateway; told: Told }> {
  const scene = LinkSetScene.create(t);
  const gateway = await telling(t);
  await scene.follow(gateway.address);
  const told = new Told(...uids);
  assert.deepEqual(await sent(scene, gateway, toUid('first')), ['first']);
  assert.deepEqual(words(gateway), ['BARRIER', 'FOLLOW']);
  await say(scene, gateway, Buffer.concat([told.snapshot(1), interestBytes(InterestWord.BARRIER, 1)]));
  return { scene, gateway, told };
}

describe('sends to uids and groups, to gateways that tell their interest', () => {
  it('go to those that have clients of them, from the snapshot on', async (t) => {
    const scene = LinkSetScene.create(t, { localGateway: LOCAL });
    const gateway = await telling(t);
    await scene.follow(gateway.address);
    assert.deepEqual(await sent(scene, gateway), []);
    assert.deepEqual(words(gateway), [], 'nobody has sent to a name yet');
    assert.deepEqual(await sent(scene, gateway, toUid('ann')), ['ann'], 'it is not known');
    const told = new Told('ann', 'Zoë', 'a"b');
    await say(scene, gateway, Buffer.concat([told.snapshot(1), interestBytes(InterestWord.BARRIER, 1)]));
    const names = ['ann', 'bob', 'Zoë', 'Zoe', 'a"b', "a'b"];
    const one = await sent(scene, gateway, ...names.map((name) => toUid(name)));
    assert.deepEqual(one, ['ann', 'Zoë', 'a"b']);
    const more = [toUid('bob', 'ann'), toUid('bob', 'Zoe'), toGroup('ann'), toGroup('ann', 'bob'), toUid()];
    assert.deepEqual(await sent(scene, gateway, ...more), ['bob,ann'], 'a uid is no group');
    assert.equal(scene.links.status[0].spared, 7);
    const { ip: localIp, port: localPort } = gateway.address;
    const addressed = [toUid('ann'), toUid('bob'), toGroup('red')].map((send) => ({
      ...send,
      localIp,
      localPort,
    }));
    assert.deepEqual(await sent(scene, gateway, ...addressed), ['ann']);
    assert.equal(
      scene.local.frames.filter((frame) => frame.startsWith('SEND_TO_UID')).length,
      10,
      'all are local',
    );

    await say(scene, gateway, told.add(2, 'bob'));
    await say(scene, gateway, told.remove(3, 'ann'));
    assert.deepEqual(await sent(scene, gateway, toUid('ann'), toUid('bob')), ['bob']);
  });

  it('what cannot be read goes to all, who say what is wrong with it', async (t) => {
    const { scene, gateway } = await following(t);
    const odd = ['{', '7', '["a', '["a"', '[7]', '{"group":7}'].map((ext) => ({ ext, body: ext }));
    const uids = odd.map((frame) => ({ command: Command.SEND_TO_UID, ...frame }));
    const groups = odd.map((frame) => ({ command: Command.SEND_TO_GROUP, ...frame }));
    const bodies = odd.map(({ body }) => body);
    assert.deepEqual(await sent(scene, gateway, ...uids, ...groups), [...bodies, ...bodies]);
  });

  it('count for the worker’s own clients at once, until the interest has come as far', async (t) => {
    const { scene, gateway, told } = await following(t);
    assert.deepEqual(await sent(scene, gateway, toUid('ann')), []);
    const { ip: localIp, port: localPort } = gateway.address;
    const client = { localIp, localPort, connectionId: 7 };
    scene.send({ command: Command.BIND_UID, ...client, ext: 'ann' });
    assert.deepEqual(await sent(scene, gateway, toUid('ann'), toGroup('red')), ['ann']);
    assert.deepEqual(words(gateway), ['BARRIER', 'FOLLOW', 'BARRIER']);
    scene.send({ command: Command.JOIN_GROUP, ...client, ext: 'red' });
    scene.send({ command: Command.JOIN_GROUP, ...client, ext: 'größer' });
    const all = [toUid('ann'), toGroup('red'), toGroup('größer'), toGroup('blue')];
    assert.deepEqual(await sent(scene, gateway, ...all), ['ann', 'red', 'größer']);

    // the answer is there before the word of what it stands for
    await say(scene, gateway, interestBytes(InterestWord.BARRIER, 2));
    assert.deepEqual(await sent(scene, gateway, ...all), ['ann', 'red', 'größer']);
    await say(scene, gateway, told.add(2, 'ann'));
    await say(scene, gateway, told.remove(3, 'ann'));
    assert.deepEqual(await sent(scene, gateway, ...all), ['red', 'größer']);
    assert.deepEqual(
      words(gateway).slice(2),
      ['BARRIER', 'BARRIER'],
      'one more for what came behind the first',
    );
    await say(scene, gateway, interestBytes(InterestWord.BARRIER, 3));
    assert.deepEqual(await sent(scene, gateway, ...all), []);

    // what a handshake is granted
    const answer = encodeHandshakeAnswer({ grant: { uid: 'eve', groups: ['a', 'b'] } });
    scene.send({ command: Command.HANDSHAKE_ANSWER, ...client, ...answer });
    const granted = [toUid('eve'), toGroup('b'), toGroup('c')];
    assert.deepEqual(await sent(scene, gateway, ...granted), ['eve', 'b']);
    assert.equal(words(gateway).length, 5);
    await say(scene, gateway, interestBytes(InterestWord.BARRIER, 3));
    assert.deepEqual(await sent(scene, gateway, ...granted), []);
  });

  it('what was joined before anybody followed counts as well', async (t) => {
    const scene = LinkSetScene.create(t);
    const gateway = await telling(t);
    await scene.follow(gateway.address);
    const { ip: localIp, port: localPort } = gateway.address;
    scene.send({ command: Command.BIND_UID, localIp, localPort, connectionId: 7, ext: 'ann' });
    assert.deepEqual(await sent(scene, gateway, toUid('ann')), ['ann']);
    // made before the uid was bound
    await say(scene, gateway, new Told().snapshot(1));
    assert.deepEqual(await sent(scene, gateway, toUid('ann')), ['ann']);
    await say(scene, gateway, interestBytes(InterestWord.BARRIER, 1));
    assert.deepEqual(await sent(scene, gateway, toUid('ann')), []);
  });

  it('one link follows for all slots; what comes over another is not ahead of it', async (t) => {
    const interests = new Interests();
    const scenes = [LinkSetScene.create(t, { interests }), LinkSetScene.create(t, { interests })];
    const gateway = await telling(t);
    for (const scene of scenes) await scene.follow(gateway.address);
    const [first, second] = gateway.connections;
    const [one, other] = scenes;
    assert.deepEqual(await sent(other, gateway, toUid('ann')), ['ann']);
    assert.deepEqual(await sent(one, gateway), []);
    assert.deepEqual([words(gateway, 0), words(gateway, 1)], [['BARRIER', 'FOLLOW'], ['BARRIER']]);
    const told = new Told();
    const barrier = interestBytes(InterestWord.BARRIER, 1);
    await say(one, gateway, Buffer.concat([told.snapshot(1), barrier]), first);
    await say(other, gateway, barrier, second);
    assert.deepEqual(await sent(other, gateway, toUid('ann')), []);

    // an event that may tell of a new client comes before the word of it
    await say(other, gateway, interestBytes(InterestWord.VERSION, 2), second);
    assert.deepEqual(await sent(other, gateway, toUid('ann')), ['ann']);
    assert.deepEqual(await sent(one, gateway, toUid('ann')), ['ann'], 'which one slot may tell another one');
    await say(one, gateway, told.add(2, 'bob'), first);
    assert.deepEqual(await sent(other, gateway, toUid('ann'), toUid('bob')), ['bob']);

    // the one that follows breaks: everything is sent until another one has been told
    first.socket.destroy();
    await one.until(([{ up }]) => !up);
    assert.deepEqual(await sent(other, gateway, toUid('ann')), ['ann']);
    assert.deepEqual(words(gateway, 1), ['BARRIER', 'FOLLOW']);
    await say(other, gateway, told.snapshot(3), second);
    assert.deepEqual(await sent(other, gateway, toUid('ann'), toUid('bob')), ['bob']);
    one.clock.advance(RETRY);
    await one.links.connected();
    assert.deepEqual(await sent(one, gateway, toUid('ann'), toUid('bob')), ['bob']);
    assert.deepEqual(words(gateway, 2), [], 'it need not follow itself');
  });

  it('go to PHP’s gateways and older ones of ours as ever', async (t) => {
    const scene = LinkSetScene.create(t);
    const [gateway, old, php] = [await telling(t), await FakeGateway.ours(), await FakeGateway.php()];
    t.after(() => Promise.all([old.close(), php.close()]));
    await scene.follow(gateway.address, old.address, php.address);
    await sent(scene, gateway, toUid('ann'));
    await say(
      scene,
      gateway,
      Buffer.concat([new Told().snapshot(1), interestBytes(InterestWord.BARRIER, 1)]),
    );
    scene.send({ ...toUid('ann'), body: 'again' });
    for (const other of [old, php]) {
      assert.equal((await other.next(Command.SEND_TO_UID)).bodyText(), 'ann');
      assert.equal((await other.next(Command.SEND_TO_UID)).bodyText(), 'again');
      assert.deepEqual(words(other), []);
    }
    assert.deepEqual(
      scene.links.status.map(({ spared }) => spared),
      [1, 0, 0],
    );
  });

  it('a gateway that tells what is no interest is left', async (t) => {
    const { scene, gateway } = await following(t);
    gateway.connections[0].socket.write(interestBytes(InterestWord.SNAPSHOT, 2, Buffer.alloc(7)));
    await scene.until(([{ up }]) => !up);
    assert.match(scene.broken[0], /An interest of 56 bits came; expected a power of two/);
    scene.clock.advance(RETRY);
    await scene.links.connected();
    gateway.connections[1].socket.write(interestBytes(99));
    await scene.until(([{ up }]) => !up);
    assert.match(scene.broken[1], /INTEREST 99, which no gateway sends/);
  });
});

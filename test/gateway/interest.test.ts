import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ClientRecord } from '#src/gateway/client-record.js';
import { Directory } from '#src/gateway/directory.js';
import { Interest, type InterestLink } from '#src/gateway/interest.js';
import { NameFilter } from '#src/gateway/name-filter.js';
import { decodeFrame } from '#src/wire/frame.js';
import { InterestWord, applyChanges, bitmapOf, hasName } from '#src/wire/interest.js';
import { NameHash, type NameKind } from '#src/wire/name-hash.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { FakeTransport } from '../support/fake-transport.js';
import { SeededRandom } from '../support/random.js';

const hash = new NameHash();

function has(bitmap: Buffer, kind: NameKind, name: string): boolean {
  const { first, second } = hash.of(kind, name);
  return hasName(bitmap, first, second);
}

/** How many of so many names that were never added seem to be there. */
function mistaken(bitmap: Buffer, tries: number): number {
  let found = 0;
  for (let n = 0; n < tries; n++) if (has(bitmap, 'uid', `stranger-${n}`)) found++;
  return found;
}

describe('a filter of names', () => {
  it('has every name that was added, and hardly others, at 2 MB for a million', () => {
    const filter = new NameFilter(1_000_000);
    assert.equal(filter.bitmap.length, 2 ** 21);
    for (let n = 0; n < 1_000_000; n++) filter.add('uid', `user-${n}`);
    for (let n = 0; n < 1_000_000; n += 97) assert.ok(has(filter.bitmap, 'uid', `user-${n}`));
    assert.ok(mistaken(filter.bitmap, 100_000) < 300, 'three of a thousand');
    let groups = 0;
    for (let n = 0; n < 10_000; n++) if (has(filter.bitmap, 'group', `user-${n}`)) groups++;
    assert.ok(groups < 60, 'a uid is no group');
  });

  it('is as before when a name has gone again, whatever else shares its bits', () => {
    const filter = new NameFilter(0);
    for (let n = 0; n < 4096; n++) filter.add('group', `stays-${n}`);
    const before = Buffer.from(filter.bitmap);
    const changes: number[] = [];
    for (let n = 0; n < 4096; n++) filter.add('group', `goes-${n}`, changes);
    for (let n = 0; n < 4096; n++) filter.remove('group', `goes-${n}`, changes);
    assert.deepEqual(filter.bitmap, before);
    assert.ok(changes.length > 10_000 && changes.length % 2 === 0);
  });

  it('keeps a bit for good that it could not count any more', () => {
    const filter = new NameFilter(0);
    for (let n = 0; n < 300; n++) filter.add('uid', 'x');
    for (let n = 0; n < 300; n++) filter.remove('uid', 'x');
    assert.ok(has(filter.bitmap, 'uid', 'x'));
  });
});

/** A link that keeps the interest as the far end does. */
class Follower implements InterestLink {
  told: number | undefined;
  bitmap: Buffer | undefined;
  version = -1;
  readonly words: number[] = [];

  send(bytes: Buffer): void {
    const frame = decodeFrame(bytes);
    this.words.push(frame.clientPort);
    this.version = frame.clientIp;
    if (frame.clientPort === InterestWord.SNAPSHOT) this.bitmap = bitmapOf(frame);
    else if (frame.clientPort === InterestWord.CHANGES) applyChanges(this.bitmap as Buffer, frame);
  }

  sendNow(bytes: Buffer): void {
    this.send(bytes);
  }

  has(kind: NameKind, name: string): boolean {
    return has(this.bitmap as Buffer, kind, name);
  }
}

class Scene {
  readonly directory = new Directory();
  readonly clock = new ManualClock();
  readonly interest = new Interest(this.directory, this.clock);
  readonly #transport = new FakeTransport();

  client(uid?: string): ClientRecord {
    const client = new ClientRecord(this.directory.nextId(), this.#transport, 0);
    this.directory.add(client);
    if (uid !== undefined) this.directory.bind(client, uid);
    return client;
  }

  follow(): Follower {
    const follower = new Follower();
    this.interest.follow(follower);
    return follower;
  }
}

describe('a gateway’s interest', () => {
  it('is told whole, and then what changes, once a turn and at once where it is asked for', async () => {
    const scene = new Scene();
    scene.client('ann');
    const follower = scene.follow();
    assert.deepEqual(follower.words.splice(0), [InterestWord.SNAPSHOT]);
    assert.deepEqual([follower.has('uid', 'ann'), follower.has('uid', 'bob')], [true, false]);

    const bob = scene.client('bob');
    scene.directory.join(bob, 'red');
    assert.deepEqual(follower.words, []);
    await turn();
    assert.deepEqual(follower.words.splice(0), [InterestWord.CHANGES]);
    assert.deepEqual([follower.has('uid', 'bob'), follower.has('group', 'red')], [true, true]);

    scene.client('ann');
    scene.interest.flush();
    await turn();
    assert.deepEqual(follower.words, [], 'she is known already');
    scene.client('eve');
    scene.interest.flush();
    assert.ok(follower.has('uid', 'eve'), 'before clients are written to');
    await turn();
    assert.deepEqual(follower.words.splice(0), [InterestWord.CHANGES]);
  });

  it('names that have gone are told later, many at once, and before others that have come', async () => {
    const scene = new Scene();
    const follower = scene.follow();
    const [ann, bob, eve] = ['ann', 'bob', 'eve'].map((uid) => scene.client(uid));
    await turn();
    follower.words.splice(0);
    scene.directory.remove(ann);
    scene.interest.flush();
    await turn();
    scene.clock.advance(49);
    scene.directory.remove(bob);
    assert.deepEqual(follower.words, []);
    scene.clock.advance(1);
    assert.deepEqual(follower.words.splice(0), [InterestWord.CHANGES]);
    assert.deepEqual([follower.has('uid', 'ann'), follower.has('uid', 'bob')], [false, false]);
    scene.directory.remove(eve);
    scene.client('eve');
    await turn();
    assert.ok(follower.has('uid', 'eve'));
    assert.equal(scene.clock.timers, 0);
    scene.directory.unbind(eve);
    scene.interest.forget(follower);
    assert.equal(scene.clock.timers, 0);
  });

  it('tells links the version before what they are sent, and where a barrier has passed', async () => {
    const scene = new Scene();
    const [follower, other] = [scene.follow(), new Follower()];
    scene.interest.before(other);
    assert.deepEqual(other.words.splice(0), [InterestWord.VERSION]);
    scene.interest.before(other);
    assert.deepEqual(other.words, [], 'it knows that one');
    scene.client('ann');
    scene.interest.before(other);
    scene.interest.before(follower);
    scene.interest.passBarrier(other);
    assert.deepEqual(other.words, [InterestWord.VERSION, InterestWord.BARRIER]);
    assert.deepEqual(follower.words.splice(0), [InterestWord.SNAPSHOT, InterestWord.VERSION]);
    assert.deepEqual([other.version, follower.version], [2, 2], 'the one that is to come');
    assert.ok(!follower.has('uid', 'ann'));
    await turn();
    assert.deepEqual(follower.words, [InterestWord.CHANGES]);
    assert.ok(follower.has('uid', 'ann'));
    assert.equal(follower.version, 2);
    scene.interest.before(follower);
    assert.equal(follower.words.length, 1, 'it knows without a word');
  });

  it('costs nothing while nobody follows, and begins anew after the last has gone', async () => {
    const scene = new Scene();
    const first = scene.follow();
    const second = scene.follow();
    scene.interest.forget(first);
    assert.equal(scene.directory.listeners.size, 1);
    scene.interest.forget(second);
    scene.interest.forget(second);
    assert.equal(scene.directory.listeners.size, 0);
    scene.client('ann');
    await turn();
    const { version } = second;
    const third = scene.follow();
    assert.ok(third.has('uid', 'ann'));
    assert.ok(third.version > version, 'a barrier of before does not count for what has come since');
    assert.ok(!second.has('uid', 'ann'));
  });

  it('grows while names come and go, without missing any or holding anybody up', async () => {
    const scene = new Scene();
    const random = new SeededRandom(7);
    const clients = Array.from({ length: 100_000 }, (_, n) => scene.client(`user-${n}`));
    const follower = scene.follow();
    const churn = async (until: () => boolean): Promise<number> => {
      let turns = 0;
      for (; !until(); turns++) {
        for (let n = 0; n < 100; n++) {
          const client = random.pick(clients);
          if (n % 3 === 0) scene.directory.unbind(client);
          else scene.directory.bind(client, `user-${random.below(150_000)}`);
        }
        await turn();
      }
      return turns;
    };
    assert.ok((await churn(() => follower.bitmap !== undefined)) > 1, 'so many take more than one turn');
    const small = follower.bitmap?.length;
    for (let n = 0; n < 100_000; n++) clients.push(scene.client(`late-${n}`));
    assert.ok((await churn(() => follower.bitmap?.length !== small)) > 1);
    await turn();
    for (const uid of scene.directory.uids()) assert.ok(follower.has('uid', uid), uid);
    assert.ok(mistaken(follower.bitmap as Buffer, 20_000) < 100);
  });
});

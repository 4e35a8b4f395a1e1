import assert from 'node:assert/strict';
import { systemClock } from '#src/base/clock.js';
import { Interests } from '#src/cluster/interests.js';
import type { LinkInterest } from '#src/cluster/gateway-interest.js';
import { Interest } from '#src/gateway/interest.js';
import { NameFilter } from '#src/gateway/name-filter.js';
import { Command } from '#src/wire/command.js';
import { type ReceivedFrame, decodeFrame, emptyFrame, encodeFrame } from '#src/wire/frame.js';
import { InterestWord, interestBytes } from '#src/wire/interest.js';
import { filledDirectory, newClient } from './filled-directory.js';
import { type Suite, type Task, repeated } from './suite.js';

const COUNT = 1000;
const UIDS = 1_000_000;

/**
 * What it costs a worker's node to see which of the other gateways a send to a uid has to go to, none in most cases; and a
 * gateway that its clients' uids are known elsewhere, without what the words of that cost on their way.
 */
export const interest: Suite = {
  name: 'interest',
  title: 'where a send to a uid goes, per send, and a uid that comes and goes',
  prepare() {
    const large = snapshotOf(UIDS);
    const small = snapshotOf(1000);
    return [
      sendTask('one other gateway with 1,000,000 uids', 1, large),
      sendTask('5 other gateways with 1,000,000 uids each', 5, large),
      sendTask('30 other gateways with 1,000,000 uids each', 30, large),
      sendTask('30 other gateways with 1,000 uids each', 30, small),
      bindTask('a uid comes and goes among 100,000, which nobody follows', false),
      bindTask('a uid comes and goes among 100,000, which another node follows', true),
    ];
  },
};

function snapshotOf(uids: number): Buffer {
  const filter = new NameFilter(uids);
  for (let number = 0; number < uids; number++) filter.add('uid', `user-${number}`);
  return interestBytes(InterestWord.SNAPSHOT, 1, filter.bitmap);
}

function sendTask(name: string, gateways: number, snapshot: Buffer): Task {
  const interests = new Interests();
  const links = Array.from({ length: gateways }, (_, port) => interests.open({ ip: 1, port }, () => {}));
  const frames = Array.from({ length: COUNT }, (_, number) => sendToUid(`stranger-${number * 7919}`));
  interests.namesOf(frames[0]);
  for (const link of links) {
    link.received(decodeFrame(snapshot));
    link.received(decodeFrame(interestBytes(InterestWord.BARRIER, 1)));
  }
  return {
    name,
    operations: COUNT,
    run() {
      let concerned = 0;
      for (const frame of frames) concerned += concernedBy(interests, links, frame);
      // a few seem to be there
      assert.ok(concerned < COUNT * gateways * 0.02);
    },
  };
}

function concernedBy(interests: Interests, links: readonly LinkInterest[], frame: ReceivedFrame): number {
  const names = interests.namesOf(frame) ?? [];
  let count = 0;
  for (const link of links) if (link.mayHave(names)) count++;
  return count;
}

/** A command of 64 bytes to the clients of a uid. */
export function sendToUid(uid: string): ReceivedFrame {
  const ext = Buffer.from(JSON.stringify([uid]));
  return decodeFrame(
    encodeFrame({ ...emptyFrame(), command: Command.SEND_TO_UID, ext, body: Buffer.alloc(64) }),
  );
}

function bindTask(name: string, followed: boolean): Task {
  const directory = filledDirectory(100_000);
  const told = new Interest(directory, systemClock);
  if (followed) told.follow({ told: undefined, send() {}, sendNow() {} });
  const client = newClient(directory.nextId());
  directory.add(client);
  return repeated(name, (count) => {
    directory.bind(client, `late-${count}`);
    told.flush();
    directory.unbind(client);
    told.flush();
  });
}

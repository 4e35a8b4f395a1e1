import { setImmediate as turn } from 'node:timers/promises';
import { systemClock } from '#src/base/clock.js';
import { Interests } from '#src/cluster/interests.js';
import { Directory } from '#src/gateway/directory.js';
import { Interest } from '#src/gateway/interest.js';
import { decodeFrame } from '#src/wire/frame.js';
import { cpuSeconds } from '../load/process-usage.js';
import { newClient } from '../micro/filled-directory.js';
import { sendToUid } from '../micro/interest.js';
import { openGateway } from './bare-gateway.js';
import { FarEnd } from './far-end-process.js';

const UIDS = 1_000_000;
const FOLLOWERS = 30;
const CHANGES = 5000;

/** What it costs that workers know which uids a gateway has. */
export async function measureInterest(): Promise<readonly string[]> {
  return [...(await measureFilter()), ...(await measureChanges())];
}

async function measureFilter(): Promise<readonly string[]> {
  const directory = new Directory();
  for (let number = 0; number < UIDS; number++) bindNew(directory, `user-${number}`);
  // the first time, the garbage of all that was made here is collected in between
  await tellAll(directory);
  const { told, took, longest } = await tellAll(directory);
  const before = process.memoryUsage().arrayBuffers;
  const interests = new Interests();
  const worker = interests.open({ ip: 1, port: 1 }, () => {});
  interests.namesOf(sendToUid('user-1'));
  for (const bytes of told) worker.received(decodeFrame(bytes));
  const kept = process.memoryUsage().arrayBuffers - before;
  return [
    `${UIDS} uids: ${(kept / 2 ** 20).toFixed(2)} MiB at a node that follows; made in ${took.toFixed(0)} ms, ${longest.toFixed(1)} ms in a row at most`,
  ];
}

/** Begins to tell what a directory has. @returns the words, and how many milliseconds it took, altogether and in a row */
async function tellAll(
  directory: Directory,
): Promise<{ readonly told: readonly Buffer[]; readonly took: number; readonly longest: number }> {
  const told: Buffer[] = [];
  const tell = (bytes: Buffer): void => void told.push(bytes);
  const link = { told: undefined, send: tell, sendNow: tell };
  const interest = new Interest(directory, systemClock);
  const start = performance.now();
  let longest = 0;
  interest.follow(link);
  while (told.length === 0) {
    // of this process's own time: others may be on the machine
    const before = process.cpuUsage();
    await turn();
    const { user, system } = process.cpuUsage(before);
    longest = Math.max(longest, (user + system) / 1000);
  }
  interest.forget(link);
  return { told, took: performance.now() - start, longest };
}

/** A uid gets its first client and loses it, in a turn of its own each time, as when clients come one by one. */
async function measureChanges(): Promise<readonly string[]> {
  const gateway = await openGateway();
  const { directory } = gateway;
  const followers = await FarEnd.start('followers', gateway.inner.address.port, FOLLOWERS);
  const round = async (uid: string): Promise<void> => {
    const client = bindNew(directory, uid);
    await turn();
    directory.remove(client);
    await turn();
  };
  const cost = async (): Promise<{ near: number; far: number }> => {
    const before = { near: cpuSeconds([process.pid]), far: cpuSeconds([followers.pid]) };
    for (let number = 0; number < CHANGES; number++) await round(`user-${number}`);
    const near = cpuSeconds([process.pid]) - before.near;
    return { near, far: cpuSeconds([followers.pid]) - before.far };
  };
  await cost();
  const followed = await cost();
  followers.stop();
  while (directory.listeners.size > 0) await turn();
  const alone = await cost();
  return [
    `a uid’s first client comes, or its last goes, ${FOLLOWERS} nodes follow: ${micro((followed.near - alone.near) / FOLLOWERS)} µs of the gateway for each, ${micro(followed.far / FOLLOWERS)} µs there`,
  ];
}

/** Microseconds of each word, as text. @param cpu seconds of all */
function micro(cpu: number): string {
  return ((cpu / CHANGES / 2) * 1e6).toFixed(1);
}

function bindNew(directory: Directory, uid: string): ReturnType<typeof newClient> {
  const client = newClient(directory.nextId());
  directory.add(client);
  directory.bind(client, uid);
  return client;
}

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChaosBoard } from './chaos-board.js';
import type { MessageKind } from './chaos-client.js';
import { ChaosLoad } from './chaos-load.js';
import type { ChaosNodeOptions } from './chaos-node.js';
import type { ConnectWire } from './chaos-wires.js';
import type { LogLine } from './node-log.js';

/*
 * What happens again and again to the two workers of a node while many clients send: they are reloaded, or one of them is
 * killed. Their event app is test/fixtures/events/chaos, or does the same.
 */

/** CHAOS_SECONDS=20 is the long form. */
const SECONDS = Number(process.env.CHAOS_SECONDS ?? 8);

/** Who sends, and how often it happens meanwhile. */
export interface Crowd {
  readonly clients: number;
  /** Messages per second and client. */
  readonly rate: number;
  /** How often it happens. */
  readonly times: number;
  /** Milliseconds between one time and the next. */
  readonly pause: number;
  /** What the handlers do that nobody kills. */
  readonly work: readonly MessageKind[];
  readonly connect?: ConnectWire;
}

const PLAIN: Crowd = {
  clients: 200,
  rate: 20,
  times: SECONDS,
  pause: 1000,
  work: ['sync', 'async', 'sync', 'query', 'fail', 'async', 'reject'],
};

/** Seconds that the load goes on at most, however slow the machine is: a handler that finds no room on the board neither dies nor answers. */
const LONGEST = 600;
const WAYS_TO_DIE: readonly MessageKind[] = ['exit', 'uncaught', 'loop', 'exit-later'];

/** For the titles of tests. */
export const EVERY_SECOND = `every second for ${SECONDS} s under ${PLAIN.clients * PLAIN.rate} messages/s`;

/** A node with two workers, which can be reloaded. */
interface ReloadedNode {
  readonly url: string;
  readonly log: readonly LogLine[];
  /** Resolves when the new threads serve and the old ones are gone. */
  reload(): Promise<unknown>;
}

/** Reloads again and again, and checks that no client notices. @returns the load, whose latencies are the caller's to judge */
export async function reloadUnderLoad(
  t: TestContext,
  node: ReloadedNode,
  { clients, rate, times, pause, connect }: Crowd = PLAIN,
): Promise<ChaosLoad> {
  const load = await ChaosLoad.open(t, { url: node.url, clients, rate, exact: true, connect });
  load.start();
  const reloads: Promise<unknown>[] = [];
  for (let time = 0; time < times; time++) {
    await sleep(pause);
    reloads.push(node.reload());
  }
  await Promise.all(reloads);
  await load.stop();

  const [p50, p99, max] = [0.5, 0.99, 1].map((share) => load.latency(share).toFixed(1));
  t.diagnostic(
    `${times} reloads, ${load.summary.sent} messages; p50 ${p50} ms, p99 ${p99} ms, max ${max} ms; ` +
      `this process was late by ${load.worstLag.toFixed(1)} ms at worst`,
  );
  load.checkFaultless(clients * rate * times * (pause / 1000) * 0.8);
  // each of two new threads greets every client from onWorkerStart
  for (const { greetings } of load.clients) assert.equal(greetings, times * 2);
  assert.deepEqual(
    node.log.filter(({ level }) => level >= 40),
    [],
  );
  return load;
}

/** A node with two workers, which can be killed. */
interface MortalNode {
  readonly url: string;
  /** How often a thread died. */
  readonly deaths: number;
  /** Events begun and not done. */
  readonly lost: number;
  logged(message: string): Promise<LogLine>;
  stop(): Promise<void>;
}

/** Kills a worker of such a node again and again, and checks that nothing is lost but what its handlers had begun with. */
export async function killUnderLoad(
  t: TestContext,
  nodeClass: { start(options: ChaosNodeOptions): Promise<MortalNode> },
  { clients, rate, times, pause, work, connect }: Crowd = PLAIN,
): Promise<void> {
  // the threads that the node starts find it
  const board = ChaosBoard.create(clients, rate * LONGEST);
  const node = await nodeClass.start({ worker: { processTimeout: 1 } });
  t.after(() => node.stop());
  let next = 0;
  const load = await ChaosLoad.open(t, {
    url: node.url,
    clients,
    rate,
    kind: () => work[next++ % work.length],
    connect,
  });
  load.start();
  for (let kill = 0; kill < times; kill++) {
    load.clients[(kill * 37) % clients].send(WAYS_TO_DIE[kill % WAYS_TO_DIE.length]);
    await Promise.all([node.logged(' died: '), sleep(pause)]);
  }
  await load.stop();

  const { cutOff, muted } = load.check(board);
  const { sent, lost, ...faults } = load.summary;
  t.diagnostic(
    `${times} kills, ${sent} messages; ${lost} lost, ${cutOff} begun and not done, ${muted} done whose answers died with the thread; the node counts ${node.lost}`,
  );
  assert.deepEqual(faults, { doubled: 0, reordered: 0, damaged: 0, disconnected: 0 });
  assert.ok(lost >= times, 'each kill costs at least the message that killed');
  assert.ok(sent > clients * rate * times * (pause / 1000) * 0.8, `${sent} messages were sent`);
  assert.equal(node.deaths, times);
  // an answer that found the ring full waits in the thread and dies with it: its event is not done, for the node
  const cost = cutOff + muted;
  assert.ok(cost <= node.lost, `the node counts ${node.lost} lost events; ${cost} messages were`);
}

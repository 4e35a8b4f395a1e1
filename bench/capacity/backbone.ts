import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Backbone } from '#src/backbone/backbone.js';
import { encodeHello } from '#src/backbone/hello.js';
import { HeaderWriter, Kind, StreamId } from '#src/backbone/message-header.js';
import { BackboneConnection } from '#src/backbone/nats-connection.js';
import { loadNats } from '#src/backbone/nats-library.js';
import { ReceivedNumbers } from '#src/backbone/received-numbers.js';
import { Stream } from '#src/backbone/stream.js';
import { Subjects } from '#src/backbone/subjects.js';
import { systemClock } from '#src/base/clock.js';
import { createLogger } from '#src/base/log.js';
import type { CellWay } from '#src/cluster/other-cells.js';
import { Command, Flag } from '#src/wire/command.js';
import { decodeFrame, emptyFrame, encodeFrame } from '#src/wire/frame.js';
import { cpuSeconds, ownCpuSeconds } from '../load/process-usage.js';
import { seconds, until } from '../load/window.js';
import { Nats } from '../servers/nats.js';
import { BUFFER_SIZE, PING_INTERVAL, PREFIX, groupNames } from './cell-settings.js';
import { FarEnd } from './far-end-process.js';

const MESSAGES = 200_000;
/** Frames in one turn: what a busy worker's turn may leave behind. */
const BATCH = 100;
/** Bytes of a message with one frame. */
const PAYLOAD = 160;
const FAN_OUTS = 50_000;
const FOLLOWERS = 20;
const SUBJECTS = 100_000;
const NODES = 1000;
const HELLOS = 20;
/** Seconds that anything here may take. */
const LIMIT = 60;
/** Seconds after which a server has given back what it needed for a moment, as far as it does. */
const REST = 4;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const log = createLogger({ level: 'silent', destination: { write() {} } });
const subjects = new Subjects(PREFIX);

/** What the backbone costs: a message, a name that is followed, another node. */
export async function measureBackbone(): Promise<readonly string[]> {
  const nats = await Nats.start('nats-server');
  // another one of the same NATS: it has to know what the first one's clients subscribe to
  const other = await Nats.start('the second nats-server', [nats.route]);
  try {
    const far = await FarEnd.start('cell', nats.url);
    try {
      return [
        ...(await measureMessages(nats, far)),
        ...(await measureFanOut(nats)),
        ...(await measureHellos(nats, far)),
        ...(await measureSubjects(nats, other)),
        ...measureNumbers(),
      ];
    } finally {
      far.stop();
    }
  } finally {
    await other.stop();
    await nats.stop();
  }
}

/** Group messages of 64 bytes to a cell that follows the groups and has nobody: one turn's in one message, and one by one. */
async function measureMessages(nats: Nats, far: FarEnd): Promise<string[]> {
  const near = await Backbone.load({
    config: { servers: [nats.url], name: 'near', prefix: PREFIX, events: [] },
    node: 'near-end',
    gateway: undefined,
    isInMesh: () => false,
    bufferSize: BUFFER_SIZE,
    pingInterval: PING_INTERVAL,
    clock: systemClock,
    log,
  });
  await near.join();
  const way = near.open({ receive() {}, cellsChanged() {} });
  await until(
    () => way.gateways.length === 1,
    LIMIT,
    () => 'the far end is not there',
  );
  const frames = groupNames().map((group) =>
    decodeFrame(
      encodeFrame({
        ...emptyFrame(),
        command: Command.SEND_TO_GROUP,
        flags: Flag.PLAIN_BODY,
        ext: JSON.stringify({ group: [group], exclude: null }),
        body: Buffer.alloc(64, 'x'),
      }),
    ),
  );
  const lines: string[] = [];
  for (const [what, sent] of [
    [`${BATCH} in a message`, frames.slice(0, 1)],
    ['one in a message', frames],
  ] as const) {
    await send(near, way, sent, MESSAGES / 4);
    const before = usage(nats, far);
    await send(near, way, sent, MESSAGES);
    const after = usage(nats, far);
    const each = (end: keyof typeof before): string =>
      `${(((after[end] - before[end]) / MESSAGES) * 1e6).toFixed(2)} µs`;
    lines.push(
      `a group message of 64 bytes by the backbone, ${what}: ${each('near')} to send, ${each('nats')} in NATS, ${each('far')} at a gateway without a member`,
    );
  }
  await near.close(1000);
  return lines;
}

async function send(
  near: Backbone,
  way: CellWay,
  frames: readonly Parameters<CellWay['sendToAll']>[0][],
  count: number,
): Promise<void> {
  for (let sent = 0; sent < count; ) {
    for (let each = 0; each < BATCH; each++) way.sendToAll(frames[sent++ % frames.length]);
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (near.status.bufferedBytes > BUFFER_SIZE / 10) await seconds(0.001);
  }
  await until(
    () => near.status.bufferedBytes === 0,
    LIMIT,
    () => 'NATS has not taken everything',
  );
  await seconds(0.5);
}

function usage(nats: Nats, far: FarEnd): { near: number; nats: number; far: number } {
  return { near: ownCpuSeconds(), nats: nats.cpu, far: cpuSeconds([far.pid]) };
}

/** A message that several nodes follow. */
async function measureFanOut(nats: Nats): Promise<string[]> {
  const subject = subjects.bucket(0);
  const payload = Buffer.alloc(PAYLOAD);
  const publisher = await connect(nats);
  const followers: BackboneConnection[] = [];
  let received = 0;
  const cost = async (count: number): Promise<number> => {
    while (followers.length < count) {
      const follower = await connect(nats);
      follower.subscribe(subject, () => void received++);
      await follower.confirmed();
      followers.push(follower);
    }
    received = 0;
    const before = nats.cpu;
    for (let sent = 0; sent < FAN_OUTS; sent++) {
      publisher.publish(subject, payload);
      if (sent % BATCH === 0) await publisher.confirmed();
    }
    await until(
      () => received === FAN_OUTS * count,
      LIMIT,
      () => 'not everybody has everything',
    );
    return (nats.cpu - before) / FAN_OUTS;
  };
  const one = await cost(1);
  const all = await cost(FOLLOWERS);
  for (const connection of [publisher, ...followers]) await connection.close(1000);
  return [
    `a message of ${PAYLOAD} bytes in NATS: ${(one * 1e6).toFixed(2)} µs to one node, ${(((all - one) / (FOLLOWERS - 1)) * 1e6).toFixed(2)} µs more for each further one`,
  ];
}

/** What nodes say of themselves: the first time, and then again and again. */
async function measureHellos(nats: Nats, far: FarEnd): Promise<string[]> {
  const connection = await connect(nats);
  const hellos = Array.from({ length: NODES }, (_, index) => hello(index));
  const say = async (times: number): Promise<number> => {
    const before = cpuSeconds([far.pid]);
    for (let time = 0; time < times; time++) {
      for (const each of hellos) connection.publish(subjects.hello, each);
      await connection.confirmed();
    }
    return (await cpuAtRest(far.pid)) - before;
  };
  const first = await say(1);
  const each = (await say(HELLOS)) / HELLOS / NODES;
  await connection.close(1000);
  return [
    `a hello: ${hellos[0].length} bytes, ${(each * 1e6).toFixed(1)} µs; ${NODES} new nodes: ${(first * 1000).toFixed(0)} ms`,
  ];
}

/** Seconds of processor time that a process has used, once it has nothing more to do. */
async function cpuAtRest(pid: number): Promise<number> {
  for (let before = -1, now = cpuSeconds([pid]); ; before = now, now = cpuSeconds([pid])) {
    if (now === before) return now;
    await seconds(0.5);
  }
}

function hello(index: number): Buffer {
  const cell = `cell-${Math.floor(index / 25)}`;
  const body = encodeHello({
    cell,
    node: `node-${index}`,
    gateway: { ip: 0x0a00_0000 + index, port: 2900 },
    next: 0,
    ask: false,
    missed: 0,
    end: false,
  });
  const header = new HeaderWriter(index + 1, cell);
  const message = Buffer.alloc(header.length + body.length);
  header.write(message, Kind.HELLO, StreamId.HELLO, 0);
  body.copy(message, header.length);
  return message;
}

/** Names that a node follows, each a subject: at the node, at its server, and at another server of the same NATS. */
async function measureSubjects(nats: Nats, other: Nats): Promise<string[]> {
  const connection = await connect(nats);
  const follow = async (first: number): Promise<void> => {
    for (let index = first; index < first + SUBJECTS; index++)
      connection.subscribe(subjects.bucket(index), () => {});
    await connection.confirmed();
  };
  // what the first ones need does not come again with those that are counted
  await follow(0);
  const before = await memory(nats, other);
  const [began, cpu] = [ownCpuSeconds(), nats.cpu];
  await follow(SUBJECTS);
  const [near, server] = [ownCpuSeconds() - began, nats.cpu - cpu];
  const after = await memory(nats, other);
  const second = await connect(nats);
  for (let index = 0; index < SUBJECTS; index++) second.subscribe(subjects.bucket(index), () => {});
  await second.confirmed();
  const both = await memory(nats, other);
  await connection.close(1000);
  await second.close(1000);
  const bytes = (to: typeof before, from: typeof before, end: keyof typeof before): string =>
    `${((to[end] - from[end]) / SUBJECTS).toFixed(0)} bytes`;
  const each = (spent: number): string => `${((spent / SUBJECTS) * 1e6).toFixed(1)} µs`;
  return [
    `a subject, ${SUBJECTS} of them: ${bytes(after, before, 'near')} and ${each(near)} at the node, ${bytes(after, before, 'nats')} and ${each(server)} at its server, ${bytes(after, before, 'other')} at another server`,
    `by a second node: ${bytes(both, after, 'nats')} at the server, ${bytes(both, after, 'other')} at another server`,
  ];
}

async function memory(nats: Nats, other: Nats): Promise<{ near: number; nats: number; other: number }> {
  await seconds(REST);
  collect();
  return { near: process.memoryUsage().heapUsed, nats: nats.memory, other: other.memory };
}

/** What is kept of a bucket that was sent to: at the publisher, and for each publisher at whoever follows it. */
function measureNumbers(): string[] {
  const streams: Stream[] = [];
  const published = heapOf(() => {
    for (let bucket = 0; bucket < SUBJECTS; bucket++)
      streams.push(new Stream(subjects.bucket(bucket), bucket));
  });
  const numbers = new ReceivedNumbers();
  const received = heapOf(() => {
    for (const { id } of streams) {
      numbers.accept(id, 0, 1);
      numbers.mark(id, 1, 0, true);
    }
  });
  return [
    `numbers of a bucket: ${published.toFixed(0)} bytes at the publisher, ${received.toFixed(0)} bytes for each publisher at whoever follows`,
  ];
}

/** Bytes of the heap for each subject. */
function heapOf(work: () => void): number {
  collect();
  const before = process.memoryUsage().heapUsed;
  work();
  collect();
  return (process.memoryUsage().heapUsed - before) / SUBJECTS;
}

async function connect(nats: Nats): Promise<BackboneConnection> {
  const library = await loadNats();
  return await new Promise((resolve) => {
    const connection = new BackboneConnection({
      nats: library,
      login: { servers: [nats.url] },
      name: 'capacity',
      pingInterval: PING_INTERVAL,
      clock: systemClock,
      log,
      owner: { connected: () => resolve(connection), unreached() {}, disconnected() {} },
    });
    connection.open();
  });
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cells } from '#src/backbone/cells.js';
import { FarNode } from '#src/backbone/far-node.js';
import { parseHello } from '#src/backbone/hello.js';
import { Kind, ReceivedHeader, StreamId } from '#src/backbone/message-header.js';
import { Outgoing } from '#src/backbone/outgoing.js';
import { Presence } from '#src/backbone/presence.js';
import { Stream } from '#src/backbone/stream.js';
import { createLogger } from '#src/base/log.js';
import { LogOnce } from '#src/base/log-once.js';
import { LinkGauge } from '#src/ring/link-gauge.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { NodeLog } from '../support/node-log.js';

async function turn(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}

/** A node of the cell eu, and a server whose line can die without a word. */
function scene() {
  const clock = new ManualClock();
  const log = createLogger({ level: 'silent', destination: new NodeLog() });
  const line = { dead: false };
  const published: { kind: number; body: Buffer }[] = [];
  const asked: ((good: boolean) => void)[] = [];
  const carrier = {
    maxPayload: 1000,
    publish(_subject: string, payload: Uint8Array) {
      const header = new ReceivedHeader();
      header.read(Buffer.from(payload));
      published.push({ kind: header.kind, body: Buffer.from(header.body) });
      return true;
    },
    confirmed: async (): Promise<boolean> =>
      line.dead ? await new Promise<boolean>((resolve) => asked.push(resolve)) : true,
  };
  const outgoing = new Outgoing({
    instance: 1,
    cell: 'eu',
    carrier,
    clock,
    bufferSize: 1000,
    gauge: new LinkGauge(),
    onDrained() {},
    onRefused() {},
    onForgotten() {},
  });
  const cells = new Cells({
    cell: 'eu',
    gateway: undefined,
    clock,
    log,
    problems: new LogOnce(log, clock),
    isInMesh: () => true,
    gauge: new SharedArrayBuffer(8),
    make: (instance, cell) =>
      new FarNode(instance, cell, { stream: new Stream('', 0), asker: undefined, heardAt: clock.now() }),
    onChange() {},
    onGone() {},
  });
  const presence = new Presence({
    cell: 'eu',
    node: 'a',
    gateway: undefined,
    subject: 'hello',
    everyNode: new Stream('all', StreamId.EVERY_NODE),
    cells,
    outgoing,
    confirmed: carrier.confirmed,
    clock,
    log,
  });
  async function pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      clock.advance(1000);
      presence.sweep();
      await turn();
    }
  }
  /** How far back the others were asked to look, when they were asked last. */
  const missed = (): number | undefined =>
    published
      .filter(({ kind }) => kind === Kind.HELLO)
      .map(({ body }) => parseHello(body))
      .findLast(({ ask }) => ask)?.missed;
  function breaks(): void {
    for (const resolve of asked.splice(0)) resolve(false);
    presence.disconnected();
    line.dead = false;
  }
  return { presence, line, pass, missed, breaks };
}

describe('a node that comes back', () => {
  it('asks for what it has missed since the server last gave a sign, and not since it noticed', async () => {
    const { presence, line, pass, missed, breaks } = scene();
    await presence.connected();
    assert.equal(missed(), 0);
    await pass(60);
    line.dead = true;
    await pass(13);
    breaks();
    await pass(1);
    await presence.connected();
    assert.ok((missed() ?? 0) >= 14_000 && (missed() ?? 0) < 20_000, `${missed()} ms`);
  });

  it('asks for little when the connection was seen to break at once', async () => {
    const { presence, pass, missed, breaks } = scene();
    await presence.connected();
    await pass(60);
    breaks();
    await presence.connected();
    assert.ok((missed() ?? 0) >= 1000 && (missed() ?? 0) <= 4000, `${missed()} ms`);
  });
});

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { type TestContext, describe, test } from 'node:test';
import type { GatewayError } from '#src/base/errors.js';
import { QueryConnection } from '#src/cluster/query-connection.js';
import { Command, Flag, isQuery } from '#src/wire/command.js';
import { type Frame, type ReceivedFrame, emptyFrame } from '#src/wire/frame.js';
import { type PhpValue, toPlain, unserialize } from '#src/wire/php-serialize.js';
import { PhpGateway } from '../support/php-gateway.js';
import { SeededRandom } from '../support/random.js';
import { ManualClock } from '#src/testing/manual-clock.js';

const DUBIOUS = 1000;
const UNANSWERED = 5000;

/** A test with a bound: what these wait for either comes at once or never. */
function it(name: string, run: (t: TestContext) => Promise<void>): void {
  test(name, { timeout: 20_000 }, run);
}

/** A PHP gateway before 3.1, with a client for each connection id from 1 on, and a link to it. */
class Scene {
  readonly clock = new ManualClock();
  /** Results by request id; undefined for a query that will not be answered. */
  readonly results = new Map<number, unknown>();
  /** What the gateway was asked and told, over all connections: `command:connection id:ext_data`. */
  readonly heard: string[] = [];
  gateway!: PhpGateway;
  link!: QueryConnection;
  closed: GatewayError | true | undefined;
  #lastId = 0;
  #waiting: Array<() => void> = [];

  /** @param leavesOut what it does not answer */
  static async open(
    t: TestContext,
    leavesOut: (frame: ReceivedFrame) => boolean,
    bufferSize = 64 * 1024,
  ): Promise<Scene> {
    const scene = new Scene();
    scene.gateway = await PhpGateway.listen((heard, connection) => {
      const { command, connectionId, ext } = heard;
      if (connectionId !== 0 || ext.length > 0) {
        scene.heard.push(`${command}:${connectionId}:${heard.extText()}`);
      }
      if (isQuery(command) && !leavesOut(heard)) connection.reply(answerTo(heard));
      scene.#look();
    });
    const dial = () => connect(scene.gateway.port, '127.0.0.1');
    scene.link = new QueryConnection(dial(), {
      name: 'the gateway',
      secretKey: 'key',
      bufferSize,
      maxReplyLength: 1024 * 1024,
      clock: scene.clock,
      pingInterval: 25_000,
      dial,
      onReply: (id, value) => scene.#settle(id, toPlain(unserialize(value))),
      onUnanswered: (id) => scene.#settle(id, undefined),
      onDrained: () => {},
      onClosed: (error) => {
        scene.closed = error ?? true;
        scene.#look();
      },
    });
    t.after(async () => {
      scene.link.destroy();
      await scene.gateway.close();
    });
    return scene;
  }

  ask(command: number, { connectionId = 0, ext = '' } = {}): number {
    this.#lastId++;
    this.link.send(frame(command, { connectionId, ext, clientIp: this.#lastId }));
    return this.#lastId;
  }

  tell(body: string): void {
    this.link.send(frame(Command.SEND_TO_ALL, { ext: body }));
  }

  async until(what: () => boolean): Promise<void> {
    while (!what()) await new Promise<void>((resolve) => void this.#waiting.push(resolve));
  }

  async result(id: number): Promise<unknown> {
    await this.until(() => this.results.has(id));
    return this.results.get(id);
  }

  #settle(id: number, value: unknown): void {
    assert.ok(!this.results.has(id), `query ${id} is answered twice`);
    this.results.set(id, value);
    this.#look();
  }

  #look(): void {
    for (const look of this.#waiting.splice(0)) look();
  }
}

function frame(command: number, fields: Partial<Frame>): Frame {
  return { ...emptyFrame(), command, flags: Flag.PLAIN_BODY, ...fields };
}

/** What tells a query's answer from all others: which client it is about, or which name. */
function answerTo({ command, connectionId, ext }: ReceivedFrame): PhpValue {
  switch (command) {
    case Command.GET_SESSION_BY_CLIENT_ID:
      return connectionId === 0 ? null : { client: connectionId };
    case Command.IS_ONLINE:
      return connectionId === 0 ? 0 : 1;
    case Command.GET_CLIENT_COUNT_BY_GROUP:
      return ext.length;
    case Command.GET_CLIENT_ID_BY_UID:
      return [ext.length];
    case Command.BATCH_GET_CLIENT_ID_BY_UID:
    case Command.BATCH_GET_CLIENT_COUNT_BY_GROUP:
      return { native: true };
    default:
      return [command];
  }
}

function isBatch({ command }: { command: number }): boolean {
  return (
    command === Command.BATCH_GET_CLIENT_ID_BY_UID || command === Command.BATCH_GET_CLIENT_COUNT_BY_GROUP
  );
}

describe('queries that a PHP gateway leaves unanswered', () => {
  it('of those behind none gets another one’s answer, and the batch calls are asked name by name', async (t) => {
    const scene = await Scene.open(t, isBatch);
    const uids = scene.ask(Command.BATCH_GET_CLIENT_ID_BY_UID, { ext: '["a","333","9007199254740993"]' });
    const sessions = [7, 8, 9].map((connectionId) =>
      scene.ask(Command.GET_SESSION_BY_CLIENT_ID, { connectionId }),
    );
    const counts = scene.ask(Command.BATCH_GET_CLIENT_COUNT_BY_GROUP, { ext: '["red","red","green"]' });
    const online = scene.ask(Command.IS_ONLINE, { connectionId: 7 });
    assert.deepEqual(await scene.result(uids), { a: [1], 333: [3], '9007199254740993': [16] });
    for (const [index, id] of sessions.entries()) {
      assert.deepEqual(await scene.result(id), { client: 7 + index });
    }
    assert.deepEqual(await scene.result(counts), { red: 3, green: 5 });
    assert.equal(await scene.result(online), 1);

    const { length } = scene.gateway.connections;
    const later = scene.ask(Command.BATCH_GET_CLIENT_ID_BY_UID, { ext: '["bb"]' });
    const none = scene.ask(Command.BATCH_GET_CLIENT_COUNT_BY_GROUP, { ext: '[]' });
    assert.deepEqual(await scene.result(later), { bb: [2] });
    assert.deepEqual(await scene.result(none), []);
    assert.equal(scene.gateway.connections.length, length, 'it is remembered');
    assert.equal(scene.closed, undefined);
  });

  it('a batch call alone is asked name by name after a second, and natively where it is answered', async (t) => {
    for (const known of [true, false]) {
      const scene = await Scene.open(t, (query) => !known && isBatch(query));
      const id = scene.ask(Command.BATCH_GET_CLIENT_COUNT_BY_GROUP, { ext: '["red"]' });
      if (!known) {
        await scene.until(() => scene.heard.length > 0);
        scene.clock.advance(DUBIOUS);
      }
      assert.deepEqual(await scene.result(id), known ? { native: true } : { red: 3 });
      assert.equal(scene.gateway.connections.length, known ? 1 : 2);
    }
  });

  it('one that nothing stands for has no answer, at once when others show it', async (t) => {
    const scene = await Scene.open(t, ({ command }) => command === Command.SELECT);
    const select = scene.ask(Command.SELECT, { ext: '{}' });
    const session = scene.ask(Command.GET_SESSION_BY_CLIENT_ID, { connectionId: 5 });
    assert.equal(await scene.result(select), undefined);
    assert.deepEqual(await scene.result(session), { client: 5 });
  });

  it('a gateway that has answered nothing for 5 seconds is asked the later ones again', async (t) => {
    let dumb = true;
    const scene = await Scene.open(t, () => dumb);
    const first = scene.ask(Command.GET_SESSION_BY_CLIENT_ID, { connectionId: 1 });
    await scene.until(() => scene.heard.length === 1);
    scene.clock.advance(DUBIOUS);
    const second = scene.ask(Command.GET_SESSION_BY_CLIENT_ID, { connectionId: 2 });
    await scene.until(() => scene.heard.length === 2);
    dumb = false;
    scene.clock.advance(UNANSWERED - DUBIOUS);
    assert.deepEqual(await scene.result(second), { client: 2 });
    assert.equal(await scene.result(first), undefined);
    assert.equal(scene.gateway.connections.length, 2);
    assert.equal(scene.closed, undefined);
  });

  it('commands keep their order over both connections, and none is lost', async (t) => {
    const scene = await Scene.open(t, isBatch);
    const told: string[] = [];
    const tell = (): void => {
      told.push(`${Command.SEND_TO_ALL}:0:message ${told.length}`);
      scene.tell(`message ${told.length - 1}`);
    };
    for (let count = 0; count < 50; count++) tell();
    scene.ask(Command.BATCH_GET_CLIENT_ID_BY_UID, { ext: '["a"]' });
    const session = scene.ask(Command.GET_SESSION_BY_CLIENT_ID, { connectionId: 3 });
    // these are sent while the one connection ends and the other begins, too
    while (!scene.results.has(session)) {
      tell();
      await new Promise((resolve) => void setImmediate(resolve));
    }
    tell();
    await scene.until(() => scene.heard.at(-1) === told.at(-1));
    assert.deepEqual(
      scene.heard.filter((line) => line.startsWith(`${Command.SEND_TO_ALL}:`)),
      told,
    );
    assert.equal(scene.gateway.connections.length, 2);
  });

  it('while closing, what waits is still answered', async (t) => {
    const scene = await Scene.open(t, isBatch);
    const uids = scene.ask(Command.BATCH_GET_CLIENT_ID_BY_UID, { ext: '["a"]' });
    const session = scene.ask(Command.GET_SESSION_BY_CLIENT_ID, { connectionId: 3 });
    scene.tell('last');
    await scene.link.close(60_000);
    assert.deepEqual([scene.results.get(uids), scene.results.get(session)], [{ a: [1] }, { client: 3 }]);
    assert.ok(scene.heard.includes(`${Command.SEND_TO_ALL}:0:last`));
    assert.equal(scene.closed, true);
    assert.equal(scene.clock.timers, 0);
  });

  it('whatever is left out, no query ever gets an answer that is not its own', async (t) => {
    const random = new SeededRandom(17);
    for (let round = 0; round < 30; round++) {
      const leftOut = new Set<number>();
      const scene = await Scene.open(t, ({ connectionId }) => leftOut.has(connectionId));
      const asked = new Map<number, { connectionId: number; command: number }>();
      for (let count = 1; count <= 12; count++) {
        if (random.below(4) === 0) leftOut.add(count);
        const command = random.below(10) < 7 ? Command.GET_SESSION_BY_CLIENT_ID : Command.IS_ONLINE;
        asked.set(scene.ask(command, { connectionId: count }), { connectionId: count, command });
        if (random.below(10) < 3) await scene.until(() => scene.heard.length > 0);
      }
      // the last of them may have nothing behind it that shows it
      for (const id of asked.keys()) {
        while (!scene.results.has(id)) {
          // much slower than what is on its way
          scene.clock.advance(DUBIOUS / 100);
          for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => void setImmediate(resolve));
        }
      }
      for (const [id, { connectionId, command }] of asked) {
        const own = command === Command.IS_ONLINE ? 1 : { client: connectionId };
        const result = scene.results.get(id);
        if (leftOut.has(connectionId)) assert.equal(result, undefined);
        else assert.deepEqual(result, own);
      }
      scene.link.destroy();
      await scene.gateway.close();
    }
  });
});

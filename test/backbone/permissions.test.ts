import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { type TestContext, describe, it } from 'node:test';
import { type Msg, type NatsConnection, connect } from '@nats-io/transport-node';
import { Subjects, encodeName } from '#src/backbone/subjects.js';
import { DOCUMENTED_CA, documentedNats, passwordOf } from '../support/documented-nats.js';
import { Inbox } from '../support/inbox.js';
import type { NatsServer } from '../support/nats.js';

const subjects = new Subjects('gatewayworker');
/** All that there are, by who publishes on them. */
const OF_NODES = [subjects.hello, subjects.everyNode, subjects.bucket(65_535), subjects.node('a1b2c3d4e5f6')];
const OF_PROGRAMS = ['all', `group.${encodeName('room 7.b')}`, `uid.${encodeName('ann')}`].map(
  (name) => `gatewayworker.${name}`,
);
const EVENTS = ['connect', 'close', 'message'].map((event) => subjects.events(event));
const ALL = [...OF_NODES, ...OF_PROGRAMS, ...EVENTS];

/** A user of the server that docs/backbone.md configures. */
class User {
  readonly #connection: NatsConnection;
  /** What NATS has refused: `publish gatewayworker.all`. */
  readonly #refused = new Inbox<string>('a user of NATS');

  private constructor(connection: NatsConnection) {
    this.#connection = connection;
    void this.#watch();
  }

  static async connect(test: TestContext, { port }: NatsServer, user: string): Promise<User> {
    const connection = await connect({
      servers: `localhost:${port}`,
      tls: { ca: await readFile(DOCUMENTED_CA, 'utf8') },
      user,
      pass: passwordOf(user),
      reconnect: false,
    });
    test.after(() => connection.close());
    return new User(connection);
  }

  /** Which of the subjects it may publish on. */
  async mayPublish(of: readonly string[]): Promise<string[]> {
    for (const subject of of) this.#connection.publish(subject, subject);
    return this.#allowed('publish', of);
  }

  /** Which of the subjects it may subscribe to. */
  async maySubscribe(of: readonly string[]): Promise<string[]> {
    for (const subject of of) this.#connection.subscribe(subject, { callback: () => {} });
    return this.#allowed('subscription', of);
  }

  /** Collects the subjects of what arrives from now on. */
  async collect(subject: string): Promise<string[]> {
    const found: string[] = [];
    const callback = (error: Error | null, message: Msg): void => {
      found.push(error === null ? message.subject : `refused: ${error.message}`);
    };
    this.#connection.subscribe(subject, { callback });
    await this.#connection.flush();
    return found;
  }

  /** For those who are allowed everything. */
  async publish(of: readonly string[]): Promise<void> {
    for (const subject of of) this.#connection.publish(subject, subject);
    await this.settled();
  }

  /** What the server had for this user before this call has arrived. */
  async settled(): Promise<void> {
    await this.#connection.flush();
  }

  async #allowed(operation: string, of: readonly string[]): Promise<string[]> {
    // refusals come in order, and of this one everybody is told who is not allowed everything
    this.#connection.publish('the.last.one');
    const refused = new Set<string>();
    for (let last = ''; last !== 'publish the.last.one'; refused.add(last)) last = await this.#refused.next();
    return of.filter((subject) => !refused.has(`${operation} ${subject}`));
  }

  async #watch(): Promise<void> {
    for await (const change of this.#connection.status()) {
      if (change.type !== 'error') continue;
      const { operation, subject } = change.error as unknown as { operation: string; subject: string };
      this.#refused.put(`${operation} ${subject}`);
    }
  }
}

describe('the configuration of NATS in docs/backbone.md', () => {
  it('lets nodes publish and subscribe to what they need, and to nothing else', async (test) => {
    const node = await User.connect(test, await documentedNats(test), 'node');
    assert.deepEqual(await node.mayPublish(ALL), [...OF_NODES, ...EVENTS]);
    assert.deepEqual(await node.maySubscribe([...ALL, subjects.anyGroup, subjects.anyUid, '>', '_INBOX.a']), [
      ...OF_NODES,
      ...OF_PROGRAMS,
      subjects.anyGroup,
      subjects.anyUid,
    ]);
  });

  it('lets programs send to clients, or be told of them, and not be a node', async (test) => {
    const server = await documentedNats(test);
    const [node, shop, audit] = await Promise.all(
      ['node', 'shop', 'audit'].map((user) => User.connect(test, server, user)),
    );
    assert.deepEqual(await shop.maySubscribe([...ALL, '>']), []);
    assert.deepEqual(await audit.maySubscribe([...ALL, '>']), EVENTS);

    const arrived = await node.collect(subjects.anyGroup);
    const told = await audit.collect('gatewayworker.events.*');
    assert.deepEqual(await shop.mayPublish(ALL), OF_PROGRAMS);
    assert.deepEqual(await audit.mayPublish(ALL), []);
    assert.deepEqual(await node.mayPublish(EVENTS), EVENTS);
    await node.settled();
    await audit.settled();
    assert.deepEqual(arrived, [OF_PROGRAMS[1]]);
    assert.deepEqual(told, EVENTS);
  });

  it('shows strangers on the same NATS nothing, and takes nothing from them', async (test) => {
    const server = await documentedNats(test);
    const [node, shop, others] = await Promise.all(
      ['node', 'shop', 'others'].map((user) => User.connect(test, server, user)),
    );
    const seen = await others.collect('>');
    const arrived = await Promise.all([...OF_NODES, ...OF_PROGRAMS].map((subject) => node.collect(subject)));
    await node.mayPublish(ALL);
    await shop.mayPublish(ALL);
    await others.publish(ALL);
    await node.settled();
    await others.settled();
    assert.deepEqual(seen, ALL, 'what strangers publish is theirs');
    // those of the node itself and of the program, once each
    assert.deepEqual(arrived.flat(), [...OF_NODES, ...OF_PROGRAMS]);
    await assert.rejects(User.connect(test, server, 'nobody'), /Authorization Violation/);
  });
});

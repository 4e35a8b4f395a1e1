import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { Connection } from '#src/browser/connection.js';
import type { ConnectOptions, End, Interruption, State } from '#src/browser/options.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { Inbox } from './inbox.js';

/** A connection of `gatewayworker/browser` whose time stands still, and what it tells. */
export class BrowserClient {
  readonly clock = new ManualClock();
  readonly connection: Connection;
  readonly errors: Error[] = [];
  /** Each state that it has come to and that was not asked for. */
  readonly states = new Inbox<{
    readonly state: State;
    readonly end: (End & Partial<Interruption>) | undefined;
  }>('a client');
  /** By how much, from 0 to 1, pauses differ. */
  chance = 0.5;

  private constructor(url: ConstructorParameters<typeof Connection>[0], options: ConnectOptions) {
    this.connection = new Connection(url, options, {
      clock: this.clock,
      random: () => this.chance,
      WebSocket,
    });
    this.connection.onState((state, end) => this.states.put({ state, end }));
    this.connection.onError((error) => this.errors.push(error));
  }

  /** It is on its way when this returns. */
  static start(
    t: TestContext,
    url: ConstructorParameters<typeof Connection>[0],
    options: ConnectOptions = {},
  ): BrowserClient {
    const client = new BrowserClient(url, options);
    t.after(() => client.connection.close());
    return client;
  }

  static async open(t: TestContext, url: string, options: ConnectOptions = {}): Promise<BrowserClient> {
    const client = BrowserClient.start(t, url, options);
    await client.comesTo('open');
    return client;
  }

  /** The next state has to be this one. @returns what has led to it */
  async comesTo(expected: State): Promise<(End & Partial<Interruption>) | undefined> {
    const { state, end } = await this.states.next();
    assert.equal(state, expected, JSON.stringify(end));
    return end;
  }

  /** The data of messages by this name. */
  inbox(event: string): Inbox<unknown> {
    const inbox = new Inbox<unknown>('a client');
    this.connection.on(event, (data) => inbox.put(data));
    return inbox;
  }
}

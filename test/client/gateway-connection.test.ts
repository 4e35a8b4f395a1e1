import assert from 'node:assert/strict';
import { type TestContext, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { GatewayConnection } from '#src/client/gateway-connection.js';
import { Command } from '#src/wire/command.js';
import { emptyFrame } from '#src/wire/frame.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { leaveConnectsUnanswered } from '../support/unanswered-connects.js';

const TIMEOUT = 5000;

/** A test with a bound: what these wait for either comes at once or never. */
function it(name: string, run: (t: TestContext) => Promise<void>): void {
  test(name, { timeout: 10_000 }, run);
}

/** A connection to a gateway that does not answer; why it ended. */
function scene(t: TestContext): {
  clock: ManualClock;
  connection: GatewayConnection;
  ended: [message: string | undefined, lost: boolean][];
  send: () => boolean;
  attempts: readonly unknown[];
} {
  const attempts = leaveConnectsUnanswered(t);
  const clock = new ManualClock();
  const ended: [string | undefined, boolean][] = [];
  const connection = new GatewayConnection(
    { ip: 0x7f000001, port: 2900 },
    {
      secretKey: '',
      tls: undefined,
      clock,
      timeout: TIMEOUT,
      bufferSize: 65_536,
      onReply() {},
      onUnanswered() {},
      onDrained() {},
      onEnded: (error, lost) => ended.push([error?.message, lost]),
    },
  );
  const send = (): boolean => connection.send({ ...emptyFrame(), command: Command.SEND_TO_ALL });
  return { clock, connection, ended, send, attempts };
}

describe('a GatewayClient’s connection that is never taken', () => {
  it('is given up after its timeout, says that what was sent is lost, and is tried again a second later', async (t) => {
    const { clock, connection, ended, send, attempts } = scene(t);
    assert.equal(send(), true);
    clock.advance(TIMEOUT - 1);
    await turn();
    assert.deepEqual(ended, []);
    clock.advance(1);
    await turn();
    const why = 'the gateway 127.0.0.1:2900 did not take a connection within 5000 ms.';
    assert.deepEqual(ended, [[why, true]]);
    assert.throws(send, { code: 'GW_LINK_CLOSED', message: /could not be reached a moment ago/ });
    clock.advance(999);
    assert.equal(connection.failure?.message, why);
    clock.advance(1);
    assert.equal(connection.failure, undefined);
    send();
    assert.equal(attempts.length, 2);
  });

  it('does not hold up a close for longer than that', async (t) => {
    const { clock, connection, ended, send } = scene(t);
    send();
    let done = false;
    const closed = connection.close().then(() => (done = true));
    clock.advance(TIMEOUT - 1);
    await turn();
    assert.equal(done, false);
    clock.advance(1);
    await closed;
    assert.equal(ended.length, 1);
    assert.equal(clock.timers, 0);
  });

  it('is closed without the clock moving when nothing was sent', async (t) => {
    const { clock, connection } = scene(t);
    await connection.close();
    assert.deepEqual([clock.now(), clock.timers], [0, 0]);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClientRecord } from '#src/gateway/client-record.js';
import { Heartbeat, type HeartbeatOptions } from '#src/gateway/heartbeat.js';
import type { Flow } from '#src/gateway/protocols/protocol.js';
import { FakeTransport } from '../support/fake-transport.js';
import { turn } from '../support/gateway-scene.js';
import { ManualClock } from '#src/testing/manual-clock.js';

interface Scene {
  readonly clock: ManualClock;
  readonly client: ClientRecord;
  /** At which second what happened. */
  readonly told: string[];
  readonly heartbeat: Heartbeat;
}

/** A connection whose numbers are the test's, and what its system holds of what it has taken. */
class FakeFlow implements Flow {
  received = 100;
  taken = 100;
  full = false;
  held = 0;
  readonly descriptor = 7;
}

function scene(options: HeartbeatOptions, exempt = false, flow?: FakeFlow): Scene {
  const clock = new ManualClock();
  const transport = new FakeTransport();
  transport.flow = flow;
  const client = new ClientRecord(1, transport, 0);
  const told: string[] = [];
  const clients = new Set([client]);
  const at = (what: string): void => void told.push(`${what} ${clock.now() / 1000}`);
  const heartbeat = new Heartbeat(
    options,
    clock,
    () => clients,
    () => exempt,
    () => {
      at('ping');
      if (flow !== undefined) flow.taken += 2;
    },
    () => {
      at('drop');
      clients.delete(client);
    },
    (descriptors) => {
      at('ask');
      return Promise.resolve(new Map(descriptors.map((descriptor) => [descriptor, flow?.held ?? 0])));
    },
  );
  return { clock, client, told, heartbeat };
}

/** As the gateway does at every sign of life. */
function speak(client: ClientRecord): void {
  client.silentRounds = -1;
}

describe('the heartbeat, as GatewayWorker’s', () => {
  it('pings a silent client once per interval and drops it after `limit` of them', () => {
    const { clock, told } = scene({ pingInterval: 10, pingNotResponseLimit: 2 });
    clock.advance(60_000);
    assert.deepEqual(told, ['ping 15', 'ping 25', 'drop 30']);
  });

  it('with a limit of 1: the client has one interval to answer', () => {
    const { clock, told } = scene({ pingInterval: 10, pingNotResponseLimit: 1 });
    clock.advance(60_000);
    assert.deepEqual(told, ['ping 15', 'drop 20']);
  });

  it('a client that answers every ping is never dropped', () => {
    const { clock, client, told } = scene({ pingInterval: 10, pingNotResponseLimit: 1 });
    for (let second = 0; second < 100; second++) {
      const before = told.length;
      clock.advance(1000);
      if (told.length > before) speak(client);
    }
    assert.equal(told.length, 6);
    assert.deepEqual(
      told.filter((line) => line.startsWith('drop')),
      [],
    );
  });

  it('a client that speaks by itself is not pinged', () => {
    const { clock, client, told } = scene({ pingInterval: 10, pingNotResponseLimit: 2 });
    for (let second = 0; second < 100; second += 5) {
      clock.advance(5000);
      speak(client);
    }
    assert.deepEqual(told, []);
  });

  it('limit 0: a ping every interval to who was silent, and nobody is dropped', () => {
    const { clock, client, told } = scene({ pingInterval: 10, pingNotResponseLimit: 0 });
    clock.advance(40_000);
    assert.deepEqual(told, ['ping 20', 'ping 30', 'ping 40']);
    speak(client);
    clock.advance(20_000);
    assert.deepEqual(told.slice(3), ['ping 60']);
  });

  it('interval 0: no heartbeat at all', () => {
    const { clock, told } = scene({ pingInterval: 0, pingNotResponseLimit: 2 });
    assert.equal(clock.timers, 0);
    clock.advance(1_000_000);
    assert.deepEqual(told, []);
  });

  it('a client that is not being read, or that is exempt, is left alone', () => {
    const paused = scene({ pingInterval: 10, pingNotResponseLimit: 1 });
    paused.client.reading = false;
    paused.clock.advance(100_000);
    assert.deepEqual(paused.told, []);
    // read again, it has as long as any other
    paused.client.reading = true;
    speak(paused.client);
    paused.clock.advance(20_000);
    assert.deepEqual(paused.told, ['ping 115', 'drop 120']);

    const exempt = scene({ pingInterval: 10, pingNotResponseLimit: 1 }, true);
    exempt.clock.advance(100_000);
    assert.deepEqual(exempt.told, []);
  });

  it('ends when it is closed', () => {
    const { clock, heartbeat } = scene({ pingInterval: 10, pingNotResponseLimit: 1 });
    heartbeat.close();
    assert.equal(clock.timers, 0);
  });
});

/** What was told beside pings. */
function grave(told: readonly string[]): string[] {
  return told.filter((line) => !line.startsWith('ping'));
}

describe('the heartbeat, and bytes that move', () => {
  const limit2 = { pingInterval: 10, pingNotResponseLimit: 2 };

  /** @param each what the connection does in each half interval */
  async function run(flow: FakeFlow, each: () => void, looks = 20): Promise<readonly string[]> {
    const { clock, told } = scene(limit2, false, flow);
    for (let look = 0; look < looks; look++) {
      each();
      clock.advance(5000);
      await turn();
    }
    return told;
  }

  it('bytes that come in are signs of life, of whatever they are a part', async () => {
    const flow = new FakeFlow();
    assert.deepEqual(await run(flow, () => flow.received++), []);
  });

  it('so is room for more, where there was none', async () => {
    const flow = new FakeFlow();
    flow.full = true;
    const told = await run(flow, () => (flow.taken += 1000));
    assert.deepEqual(grave(told), []);
  });

  it('and what the system holds less of', async () => {
    const flow = new FakeFlow();
    flow.taken = flow.held = 4_000_000;
    const told = await run(flow, () => (flow.held -= 100_000));
    assert.deepEqual(
      told.filter((line) => line.startsWith('drop')),
      [],
    );
  });

  it('a client that stands still is dropped as ever, whatever waits for it', async () => {
    for (const full of [true, false]) {
      const flow = new FakeFlow();
      flow.full = full;
      flow.taken = flow.held = 4_000_000;
      const told = await run(flow, () => (flow.held = flow.taken));
      assert.deepEqual(
        told.filter((line) => !line.startsWith('ask')),
        ['ping 15', 'ping 25', 'drop 30'],
      );
    }
  });

  it('that heartbeats are taken is none; the system is asked only before somebody is dropped', async () => {
    const told = await run(new FakeFlow(), () => {});
    assert.deepEqual(told, ['ping 15', 'ping 25', 'ask 25', 'drop 30']);
  });

  it('messages that are taken are some, though they have been taken at once', async () => {
    const flow = new FakeFlow();
    const told = await run(flow, () => (flow.taken += 10), 100);
    assert.deepEqual(
      told.filter((line) => line.startsWith('drop')),
      [],
    );
  });

  it('a client that answers its heartbeats is never asked about, however much it is sent', async () => {
    const flow = new FakeFlow();
    const { clock, client, told } = scene(limit2, false, flow);
    for (let second = 0; second < 200; second++) {
      const before = told.length;
      if (second % 10 === 0) flow.taken += 10_000;
      clock.advance(1000);
      await turn();
      if (told.length === before) continue;
      speak(client);
      client.pulse?.answered();
    }
    assert.deepEqual(grave(told), []);
  });
});

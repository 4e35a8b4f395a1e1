import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Client } from '#src/gateway/client.js';
import { Heartbeat, type HeartbeatOptions } from '#src/gateway/heartbeat.js';
import { FakeTransport } from '../support/fake-transport.js';
import { SteppedClock } from '../support/stepped-clock.js';

interface Scene {
  readonly clock: SteppedClock;
  readonly client: Client;
  /** At which second what happened. */
  readonly told: string[];
  readonly heartbeat: Heartbeat;
}

function scene(options: HeartbeatOptions, exempt = false): Scene {
  const clock = new SteppedClock();
  const client = new Client(1, new FakeTransport(), 0);
  const told: string[] = [];
  const clients = new Set([client]);
  const at = (what: string): void => void told.push(`${what} ${clock.now() / 1000}`);
  const heartbeat = new Heartbeat(
    options,
    clock,
    () => clients,
    () => exempt,
    () => at('ping'),
    () => {
      at('drop');
      clients.delete(client);
    },
  );
  return { clock, client, told, heartbeat };
}

/** As the gateway does at every sign of life. */
function speak(client: Client): void {
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

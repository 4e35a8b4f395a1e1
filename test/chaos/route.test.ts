import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChaosNode } from '../support/chaos-node.js';
import { WsClient } from '../support/ws-client.js';

describe('a client that is given a key', () => {
  it('goes to its owner, with what was sent behind', async (t) => {
    const chaos = await ChaosNode.start({ events: 'rooms', worker: { count: 2 } });
    t.after(() => chaos.stop());
    const owners = new Map<string, Set<string>>();
    for (let n = 0; n < 20; n++) {
      const client = await WsClient.connect(chaos.url);
      const key = `room-${n % 5}`;
      client.send('0 say');
      client.send(`1 route ${key}`);
      for (let m = 2; m < 50; m++) client.send(`${m} ${m % 3 ? 'say' : 'later'}`);
      for (let m = 0; m < 50; m++) {
        const [number, count, worker] = String(await client.next()).split(' ');
        assert.equal(number, String(m));
        assert.equal(count, String(m + 1));
        if (m > 1) (owners.get(key) ?? owners.set(key, new Set()).get(key)!).add(worker);
      }
      await client.close();
    }
    console.log(owners);
    for (const set of owners.values()) assert.equal(set.size, 1);
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ChaosNode } from '../support/chaos-node.js';
import { LIMIT } from '../support/inbox.js';
import { NamedClient } from '../support/named-client.js';
import { SeededRandom } from '../support/random.js';

const SEED = Number(process.env['GW_SEED'] ?? 20261128);
const MESSAGES = Number(process.env['GW_MESSAGES'] ?? 10_000);

const VALID = [
  '{"id":1,"event":"add","data":{"a":1,"b":2}}',
  '{"event":"add","data":{"a":-1.5e3,"b":null}}',
  '{"id":2,"event":"raw","data":{"list":[1,2,2]}}',
  '{"id":16777217,"data":{"text":"an answer"}}',
  '{"id":16777217,"error":{"code":"GW_MESSAGE","message":"\\u00e9\\ud83d","path":"/a"}}',
  '{"id":3,"event":"standard","data":{"name":"ann","__proto__":{"constructor":1}}}',
  '{"id":4,"event":"bytes","data":{"file":{"base64":"AP+A"},"list":[]}}',
  '{"id":5,"event":"count","args":[1,{"_placeholder":true,"num":0}]}',
];
const TELLING = '{}[]":,\\0123456789-+.eEnulltrue \u0000\u00ff';

/** One to six edits of a message: a character set, some taken out, doubled, or put in from another one. */
function mutant(random: SeededRandom): string {
  let text: string = random.pick(VALID);
  for (let edits = 1 + random.below(6); edits > 0; edits--) {
    const at = random.below(text.length + 1);
    const [head, tail] = [text.slice(0, at), text.slice(at)];
    const other = random.pick(VALID);
    const from = random.below(other.length);
    switch (random.below(4)) {
      case 0:
        text = head + TELLING.charAt(random.below(TELLING.length)) + tail.slice(1);
        break;
      case 1:
        text = head + tail.slice(random.below(8));
        break;
      case 2:
        text = head + tail.slice(0, random.below(32)) + tail;
        break;
      default:
        text = head + other.slice(from, from + random.below(24)) + tail;
    }
  }
  return text;
}

describe('messages with names, of somebody who means no good', { timeout: 120_000 }, () => {
  let chaos: ChaosNode;
  before(async () => (chaos = await ChaosNode.start({ events: 'named', worker: { count: 1 } })));
  after(async () => await chaos.stop());

  it(`stands ${MESSAGES} that were mutated, also of a client that was asked something (seed ${SEED})`, async () => {
    const random = new SeededRandom(SEED);
    const [ann, bob] = [await NamedClient.connect(chaos.url), await NamedClient.connect(chaos.url)];
    bob.emit('askLater', 'confirm');
    const asked = await bob.next();
    for (let sent = 0; sent < MESSAGES; sent++) {
      for (const { ws } of [ann, bob]) {
        const message = mutant(random);
        ws.send(random.below(20) === 0 ? Buffer.from(message) : message);
      }
      if (sent % 500 !== 499) continue;
      // as fast as it is read
      ann.ws.send('{"id":99,"event":"who"}');
      while ((await ann.next()).id !== 99);
    }
    bob.answer(asked.id, 'yes');
    const deadline = performance.now() + LIMIT;
    for (;;) {
      const { event, data } = await bob.next();
      if (event === 'asked') {
        assert.equal((data as { said: unknown }).said, 'yes');
        break;
      }
      assert.ok(performance.now() < deadline);
    }
    const [{ refused, restarts, errors }] = chaos.node.status().workers;
    assert.ok(refused > MESSAGES / 2, `${refused} were refused`);
    assert.deepEqual({ restarts, errors }, { restarts: 0, errors: 0 });
  });
});

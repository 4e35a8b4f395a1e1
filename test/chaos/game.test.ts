import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Game } from '../support/game.js';

/** For 20 seconds: `node dist-test/soak/game.js`. */
it('a game of 20 rooms and 200 players goes on over reloads, and a crash costs only the rooms of its worker', async (t) => {
  const game = await Game.start({ players: 200, rooms: 20 });
  t.after(async () => await game.close());
  game.play();
  await game.ticked(1);
  for (let reloads = 0; reloads < 3; reloads++) await game.chaos.node.reload(false);
  await game.ticked(2);
  await game.crash();
  await game.chaos.node.reload(false);
  await game.ticked(2);
  await game.end();
  game.check(1);
  assert.equal(game.chaos.node.status().reloads, 4);
});

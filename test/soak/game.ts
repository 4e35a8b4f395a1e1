import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { Game } from '../support/game.js';

/*
 * `npm run build:all && node dist-test/soak/game.js`: the game of test/chaos/game.test.ts for longer: a reload every two
 * seconds, and one crash in the middle. Exit status 0: each room had one loop at any time, its rounds were without gap or
 * repeat over the reloads, and every input was handled once and in order.
 */

const BETWEEN = 2000;

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '20' } } });
const seconds = Number(values.seconds);
const game = await Game.start({ players: 200, rooms: 20 });
try {
  game.play();
  await game.ticked(1);
  const end = performance.now() + seconds * 1000;
  const middle = performance.now() + seconds * 500;
  let crashes = 0;
  for (let due = performance.now(); due < end; due += BETWEEN) {
    await sleep(Math.max(0, due - performance.now()));
    await game.chaos.node.reload(false);
    if (crashes === 0 && performance.now() > middle) {
      await game.crash();
      crashes++;
    }
  }
  await game.end();
  game.check(crashes);
  say('passed');
} catch (error) {
  say('FAILED');
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
} finally {
  await game.close();
}

function say(what: string): void {
  process.stdout.write(
    `${what} ${JSON.stringify({ reloads: game.chaos.node.status().reloads, ...game.report })}\n`,
  );
}

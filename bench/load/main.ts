import { chat } from './chat.js';
import { connects } from './connects.js';
import { documentFanOut } from './document-fan-out.js';
import { echo } from './echo.js';
import { fanOut } from './fan-out.js';
import { flood } from './flood.js';
import { hold, release } from './idle.js';
import type { Figures, Order, Outcome } from './orders.js';
import { pacedEcho } from './paced-echo.js';
import { requests } from './requests.js';

/** The load generator: a process of its own that takes one order after another from the one that forked it. */

async function run(order: Order): Promise<Figures> {
  switch (order.scenario) {
    case 'echo':
      return await echo(order);
    case 'paced-echo':
      return await pacedEcho(order);
    case 'flood':
      return await flood(order);
    case 'fan-out':
      return await fanOut(order);
    case 'document-fan-out':
      return await documentFanOut(order);
    case 'chat':
      return await chat(order);
    case 'connects':
      return await connects(order);
    case 'requests':
      return await requests(order);
    case 'hold':
      return await hold(order);
    case 'release':
      return await release();
    default:
      throw new Error(`there is no scenario ${JSON.stringify(order satisfies never)}`);
  }
}

process.on('message', (order: Order) => {
  run(order).then(
    (figures) => answer({ figures }),
    (error: unknown) => answer({ error: (error as Error).message }),
  );
});
process.on('disconnect', () => process.exit());

function answer(outcome: Outcome): void {
  process.send?.(outcome);
}

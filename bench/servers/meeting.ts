import { Connection } from '../load/connection.js';
import { dialects } from '../load/dialect.js';
import { messageBytes } from '../load/messages.js';
import type { Target } from '../load/orders.js';
import { seconds } from '../load/window.js';

/** Seconds that nodes may take to find each other, and between two tries. */
const LIMIT = 60;
const TRY_AGAIN = 0.2;

/** Resolves when every node's worker reaches every node's clients. */
export async function allMeet(target: Target): Promise<void> {
  const deadline = performance.now() + LIMIT * 1000;
  while (!(await everyoneHearsEveryone(target))) {
    if (performance.now() > deadline) throw new Error(`after ${LIMIT} s the nodes have not found each other`);
  }
}

/** One client on each node sends a message to all. */
async function everyoneHearsEveryone(target: Target): Promise<boolean> {
  const count = target.ports.length;
  const clients: Connection[] = [];
  const heard = target.ports.map(() => 0);
  try {
    await Promise.all(
      target.ports.map(
        async (_, number) =>
          await new Promise<void>((opened, failed) => {
            clients.push(new Connection(target, number, opened, failed));
          }),
      ),
    );
    for (const client of clients) {
      client.onMessages = (messages) => (heard[client.number] += messages);
      client.send(dialects[target.dialect].request(messageBytes('a', client.number, 0)));
    }
    await seconds(TRY_AGAIN);
    return heard.every((messages) => messages === count);
  } finally {
    for (const client of clients) client.destroy();
  }
}

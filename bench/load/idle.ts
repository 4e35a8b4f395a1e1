import { Crowd } from './crowd.js';
import type { Figures, HoldOrder } from './orders.js';

let crowd: Crowd | undefined;

/** Connects clients that say nothing (but answer pings), and keeps them until {@link release}. */
export async function hold({ target, clients, signIn }: HoldOrder): Promise<Figures> {
  crowd = new Crowd();
  await crowd.open(target, clients);
  if (signIn) await crowd.ask();
  return {};
}

/** Lets the clients go. @throws when one of them was lost meanwhile */
export async function release(): Promise<Figures> {
  const held = crowd;
  crowd = undefined;
  if (held === undefined) throw new Error('no clients are held');
  try {
    await held.whileWell(new Promise<void>((resolve) => void setImmediate(resolve)));
    return {};
  } finally {
    held.destroy();
  }
}

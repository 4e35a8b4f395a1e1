import { Crowd } from './crowd.js';
import { Latency } from './latency.js';
import type { Figures, PacedEchoOrder } from './orders.js';
import { PacedClients } from './paced-clients.js';
import { openWindow, seconds } from './window.js';

/** Echo at a steady rate. */
export async function pacedEcho(order: PacedEchoOrder): Promise<Figures> {
  const { target, clients, rate, warmUp, duration } = order;
  const crowd = new Crowd();
  const latency = new Latency();
  let paced: PacedClients | undefined;
  try {
    await crowd.open(target, clients);
    await crowd.ask();
    paced = new PacedClients(crowd.clients, { dialect: target.dialect, rate, latency });
    await crowd.whileWell(seconds(warmUp));
    latency.recording = true;
    const before = paced.answered;
    const closeWindow = openWindow(target.pids);
    await crowd.whileWell(seconds(duration));
    const window = closeWindow(paced.answered - before);
    paced.stop();
    await crowd.whileWell(paced.allAnswered());
    return { ...window, ...latency.figures };
  } finally {
    paced?.stop();
    crowd.destroy();
  }
}

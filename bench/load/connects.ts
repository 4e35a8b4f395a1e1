import { Crowd } from './crowd.js';
import type { ConnectsOrder, Figures, Target } from './orders.js';
import { openWindow } from './window.js';

/** Opens `clients` connections as fast as the server takes them, after a warm-up of the same kind. */
export async function connects({ target, clients, warmUpClients }: ConnectsOrder): Promise<Figures> {
  await comeAndGo(target, warmUpClients);
  return await comeAndGo(target, clients);
}

async function comeAndGo(target: Target, clients: number): Promise<Figures> {
  const crowd = new Crowd();
  try {
    const closeWindow = openWindow(target.pids);
    await crowd.open(target, clients);
    return { ...closeWindow(clients) };
  } finally {
    crowd.destroy();
  }
}

import { Crowd } from './crowd.js';
import type { ConnectsOrder, Figures } from './orders.js';
import { openWindow } from './window.js';

/** Opens `clients` connections as fast as the server takes them, after a warm-up of the same kind. */
export async function connects({ port, pid, clients, warmUpClients }: ConnectsOrder): Promise<Figures> {
  await comeAndGo(port, pid, warmUpClients);
  return await comeAndGo(port, pid, clients);
}

async function comeAndGo(port: number, pid: number, clients: number): Promise<Figures> {
  const crowd = new Crowd();
  try {
    const closeWindow = openWindow(pid);
    await crowd.open(port, clients);
    return { ...closeWindow(clients) };
  } finally {
    crowd.destroy();
  }
}

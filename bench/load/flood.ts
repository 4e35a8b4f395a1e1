import type { Connection } from './connection.js';
import { Crowd } from './crowd.js';
import { type DialectName, dialects } from './dialect.js';
import { Latency } from './latency.js';
import { ROTATION, frameRow } from './messages.js';
import type { Figures, FloodOrder } from './orders.js';
import { PacedClients } from './paced-clients.js';
import { residentBytes } from './process-usage.js';
import { openWindow, seconds, until } from './window.js';

/** Seconds that the flood may take to be answered. */
const LONGEST = 120;
/** Milliseconds between two looks at the server's memory. */
const LOOK = 100;

/**
 * One client sends messages as fast as the server takes them, and reads the answers; its neighbours send at a steady rate
 * meanwhile. What counts is how long these wait.
 */
export async function flood(order: FloodOrder): Promise<Figures> {
  const { target, neighbours, rate, messages, warmUp } = order;
  const crowd = new Crowd();
  const latency = new Latency();
  let paced: PacedClients | undefined;
  try {
    await crowd.open(target, neighbours + 1);
    await crowd.ask();
    const [flooder, ...others] = crowd.clients;
    paced = new PacedClients(others, { dialect: target.dialect, rate, latency });
    await crowd.whileWell(seconds(warmUp));
    latency.recording = true;
    const before = residentBytes(target.pids);
    const closeWindow = openWindow(target.pids);
    let most = before;
    const timer = setInterval(() => (most = Math.max(most, residentBytes(target.pids))), LOOK);
    await crowd.whileWell(pour(flooder, target.dialect, messages)).finally(() => clearInterval(timer));
    const window = closeWindow(messages);
    paced.stop();
    await crowd.whileWell(paced.allAnswered());
    return { ...window, ...latency.figures, growth: (most - before) / 1024 };
  } finally {
    paced?.stop();
    crowd.destroy();
  }
}

/** Sends so many messages without waiting for their answers. Resolves when the last of these has come. */
async function pour(client: Connection, dialectName: DialectName, messages: number): Promise<void> {
  const dialect = dialects[dialectName];
  const requests = frameRow('e', client.number, dialect.request);
  client.expect(frameRow('e', client.number, dialect.reply));
  client.onMessages = () => {};
  let sent = 0;
  const send = (): void => {
    for (let room = true; room && sent < messages; ) {
      const count = Math.min(ROTATION, messages - sent);
      room = client.send(requests.slice(sent, count));
      sent += count;
    }
  };
  client.onDrain = send;
  send();
  const missing = (): string => `${messages - client.received} of the flood's messages are not answered`;
  await until(() => client.received >= messages, LONGEST, missing);
}

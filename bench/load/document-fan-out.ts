import { Crowd } from './crowd.js';
import { dialects } from './dialect.js';
import { DocumentCounter } from './document-counter.js';
import { documents } from './documents.js';
import type { DocumentFanOutOrder, Figures } from './orders.js';
import { Outstanding } from './outstanding.js';
import { openWindow, seconds, until } from './window.js';

/** Seconds that the last deliveries may take. */
const LAST_DELIVERIES = 30;

/** One client's messages of some 2 KB of JSON go to every client, itself included, and are paced by deliveries. */
export async function documentFanOut(order: DocumentFanOutOrder): Promise<Figures> {
  const { target, clients, warmUp, duration, mostOutstanding } = order;
  const dialect = dialects[target.dialect];
  const counters: DocumentCounter[] = [];
  const crowd = new Crowd((control) => {
    const counter = new DocumentCounter(dialect, control);
    counters.push(counter);
    return counter;
  });
  const messages = documents(dialect);
  const outstanding = new Outstanding(mostOutstanding);
  let delivered = 0;
  let sent = 0;
  try {
    await crowd.open(target, clients);
    await crowd.ask();
    const [sender] = crowd.clients;
    const send = (): void => {
      for (let room = outstanding.room(sent, delivered / clients); room > 0; room--) {
        sender.send(messages[sent++ % messages.length].request);
      }
    };
    for (const [index, client] of crowd.clients.entries()) {
      counters[index].alone = client.extensions.includes('server_no_context_takeover');
      if (client.extensions.includes('permessage-deflate') !== target.compression) {
        throw new Error(`the server answers with the extensions "${client.extensions}"`);
      }
      counters[index].expect(messages.map(({ payload }) => payload));
      client.onMessages = (count) => {
        delivered += count;
        send();
      };
    }
    send();
    await crowd.whileWell(seconds(warmUp));
    const all = (): number => counters.reduce((sum, { bytes }) => sum + bytes, 0);
    const [before, bytesBefore] = [delivered, all()];
    const closeWindow = openWindow(target.pids);
    await crowd.whileWell(seconds(duration));
    const [counted, bytes] = [delivered - before, all() - bytesBefore];
    const window = closeWindow(counted);
    outstanding.stop();
    const expected = (): number => sent * clients;
    await crowd.whileWell(
      until(
        () => delivered >= expected(),
        LAST_DELIVERIES,
        () => `${expected() - delivered} of ${expected()} deliveries are missing`,
      ),
    );
    for (const { number, received } of crowd.clients) {
      if (received !== sent)
        throw new Error(`client ${number} was sent ${received} messages; expected ${sent}`);
    }
    return { ...window, bytes: bytes / counted };
  } finally {
    outstanding.stop();
    crowd.destroy();
  }
}

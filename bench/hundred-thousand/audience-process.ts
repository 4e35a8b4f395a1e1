import { Crowd } from '../load/crowd.js';
import { serverFrame } from '../load/dialect.js';
import { FrameRow, messageBytes } from '../load/messages.js';
import { until } from '../load/window.js';

/** A process with the clients of one node, as many as its descriptors allow. It takes one order after another. */

export type AudienceOrder =
  | { readonly order: 'open'; readonly port: number; readonly clients: number }
  /** From now on every client is to get this one message. */
  | { readonly order: 'expect'; readonly message: number }
  /** Waits until all have it. */
  | { readonly order: 'receive' };

export type AudienceOutcome =
  /** @param at when the last client had it: `process.hrtime`, which all processes of a machine share, in milliseconds */
  { readonly at: number } | { readonly error: string };

/** Seconds that a message may take to reach everybody. */
const LAST_DELIVERY = 60;

const crowd = new Crowd();
let delivered = 0;
let at = 0;

async function obey(order: AudienceOrder): Promise<void> {
  switch (order.order) {
    case 'open':
      await crowd.open(
        { ports: [order.port], pids: [], tls: false, compression: false, dialect: 'plain' },
        order.clients,
      );
      await crowd.ask();
      return;
    case 'expect':
      expect(new FrameRow([serverFrame(broadcast(order.message))]));
      return;
    case 'receive':
      await receive();
      return;
    default:
      throw new Error(`there is no order ${JSON.stringify(order satisfies never)}`);
  }
}

function expect(row: FrameRow): void {
  delivered = 0;
  for (const client of crowd.clients) {
    client.expect(row);
    client.onMessages = (count) => {
      delivered += count;
      at = now();
    };
  }
}

async function receive(): Promise<void> {
  const wanted = crowd.clients.length;
  const missing = (): string => `${wanted - delivered} of ${wanted} deliveries are missing`;
  await crowd.whileWell(until(() => delivered >= wanted, LAST_DELIVERY, missing));
  const wrong = crowd.clients.find(({ received }) => received !== 1);
  if (wrong !== undefined)
    throw new Error(`client ${wrong.number} got ${wrong.received} messages; expected 1`);
}

/** The message with this number, as the one in command has it sent. */
function broadcast(message: number): Buffer {
  return messageBytes('a', 0, message);
}

function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

process.on('message', (order: AudienceOrder) => {
  obey(order).then(
    () => process.send?.({ at } satisfies AudienceOutcome),
    (error: unknown) => process.send?.({ error: (error as Error).message } satisfies AudienceOutcome),
  );
});
process.on('disconnect', () => process.exit());

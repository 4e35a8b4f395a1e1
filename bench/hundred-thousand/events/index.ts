import { Gateway, defineEvents } from 'gatewayworker';

/**
 * Clients sign in with their number (see load/messages.ts), and then only listen. One more is in command: it sends
 * `{call, args}` and gets `{result}` or `{error}`. A call is one of Gateway's, or `sendToEachGroup`, `sendToEachUid`.
 */

/** Set by bench/hundred-thousand/nodes.ts for all nodes: how many clients each has, and how they are grouped. */
const CLIENTS_PER_NODE = Number(process.env.BENCH_CLIENTS_PER_NODE);
const GROUPS = Number(process.env.BENCH_GROUPS);
const UIDS = Number(process.env.BENCH_UIDS);

let node = 0;

export default defineEvents({
  onWorkerStart(worker) {
    node = Number(worker.node.replace('node-', ''));
  },

  async onMessage(client, message) {
    const text = String(message);
    if (text.startsWith('{')) {
      client.send(JSON.stringify(await answer(text)));
      return;
    }
    const number = node * CLIENTS_PER_NODE + Number(text.split(' ')[2]);
    client.bindUid(`u${number % UIDS}`);
    client.join('everybody');
    client.join(`g${number % GROUPS}`);
    client.send(text);
  },
});

async function answer(request: string): Promise<object> {
  const { call, args } = JSON.parse(request) as { call: string; args: unknown[] };
  try {
    if (call === 'sendToEachGroup') return { result: await sendToEachGroup(String(args[0])) };
    if (call === 'sendToEachUid') return { result: await sendToEachUid(String(args[0])) };
    const calls = Gateway as unknown as Record<string, (...args: unknown[]) => unknown>;
    return { result: await calls[call](...args) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

async function sendToEachGroup(text: string): Promise<number> {
  for (let group = 0; group < GROUPS; group++) {
    if (!Gateway.sendToGroup(`g${group}`, text)) await Gateway.drained();
  }
  return GROUPS;
}

async function sendToEachUid(text: string): Promise<number> {
  for (let uid = 0; uid < UIDS; uid++) {
    if (!Gateway.sendToUid(`u${uid}`, text)) await Gateway.drained();
  }
  return UIDS;
}

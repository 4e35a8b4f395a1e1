/** A configuration with one worker and a text listener. */
export function config(port = 0): object {
  return {
    gateway: { listen: [{ url: `text://127.0.0.1:${port}` }] },
    worker: { count: 1 },
    register: false,
    admin: false,
  };
}

/** Nodes of a group in these tests. */
export const NODES = 2;

/** The same for a group, which needs a Register. */
export function groupConfig(port = 0): object {
  const { gateway, ...rest } = config(port) as { gateway: object };
  return { ...rest, gateway: { ...gateway, lanPort: 0 }, register: { listen: '127.0.0.1:0' } };
}

/** An events file whose answer to any message is this word. */
export function answering(word: string): string {
  return `import { defineEvents } from 'gatewayworker';
export default defineEvents({
  onConnect(client) {
    client.bindUid('ann');
    client.join('lobby');
    client.send('hello');
  },
  onMessage(client) {
    client.send('${word}');
  },
});
`;
}

import { Gateway, defineEvents } from 'gatewayworker';

/** What the load generator talks to: see load/messages.ts for the kinds of messages. */
export default defineEvents<{ name?: string }>({
  onMessage(client, message) {
    const text = message as string;
    if (text.startsWith('a')) {
      Gateway.sendToAll(text);
      return;
    }
    if (text.startsWith('s')) client.session.name = text.split(' ', 3).join(' ');
    client.send(text);
  },
});

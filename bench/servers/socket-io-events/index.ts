import { Gateway, defineEvents, message } from 'gatewayworker';

const TEXT = { type: 'string' } as const;

/** What the load generator talks to as a client of Socket.IO: see load/messages.ts for the kinds of messages. */
export default defineEvents<{ name?: string }>()({
  messages: {
    m: message(TEXT, (client, text) => {
      if (text.startsWith('a')) Gateway.emitToAll('m', text);
      else client.emit('m', text);
    }),
    ask: message(TEXT, (_, text) => text),
  },
});

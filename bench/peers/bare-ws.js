import { WebSocket, WebSocketServer } from 'ws';
import { httpServer, listen, perMessageDeflate } from './start.js';

/**
 * The peer that everybody knows: `ws` as its own documentation sets it up, on one thread, and nothing around it but what
 * the scenarios ask for (see load/messages.ts for the kinds of messages). Text arrives as bytes and goes out as it came.
 */

const server = new WebSocketServer({ server: httpServer, perMessageDeflate });
const uids = new Map();
const groups = new Map();

server.on('connection', (client) => {
  const own = new Set();
  let uid;
  client.on('error', () => client.terminate());
  client.on('close', () => {
    uids.delete(uid);
    for (const group of own) groups.get(group).delete(client);
  });
  client.on('message', (message, binary) => {
    switch (message[0]) {
      case TO_ALL:
        sendTo(server.clients, message, binary);
        return;
      case TO_GROUP:
        sendTo(groups.get(word(message)) ?? [], message, binary);
        return;
      case TO_UID:
        uids.get(word(message))?.send(message, { binary });
        return;
      case BIND:
        uid = word(message);
        uids.set(uid, client);
        break;
      case JOIN:
        for (const group of message.latin1Slice(2, message.indexOf(' .')).split(' ')) {
          own.add(group);
          if (!groups.has(group)) groups.set(group, new Set());
          groups.get(group).add(client);
        }
        break;
    }
    client.send(message, { binary });
  });
});

function sendTo(clients, message, binary) {
  for (const client of clients) {
    if (client.readyState === WebSocket.OPEN) client.send(message, { binary });
  }
}

/** The second word: a uid or a group. */
function word(message) {
  return message.latin1Slice(2, message.indexOf(SPACE, 2));
}

const [TO_ALL, TO_GROUP, TO_UID, BIND, JOIN, SPACE] = Buffer.from('agubj ');

listen();

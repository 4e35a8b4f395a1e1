import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

/** The peer that everybody knows: `ws` as its own documentation sets it up, on one thread, and nothing around it. */

const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });

server.on('connection', (client) => {
  client.on('error', () => client.terminate());
  client.on('message', (message: Buffer, binary) => {
    if (message[0] !== TO_ALL) {
      client.send(message, { binary });
      return;
    }
    for (const other of server.clients) {
      if (other.readyState === WebSocket.OPEN) other.send(message, { binary });
    }
  });
});

const TO_ALL = 'a'.charCodeAt(0);

server.on('listening', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit());

import { Server } from 'socket.io';
import { httpServer, listen, perMessageDeflate } from './start.js';

/**
 * Socket.IO as its own documentation sets it up: rooms for groups, and a room per uid. See load/messages.ts for the kinds
 * of messages; each is the only argument of an event named m, or of one named ask, which is answered with it.
 */

const io = new Server(httpServer, { perMessageDeflate });

// from its page on performance: each client's first request is not kept
io.engine.on('connection', (socket) => {
  socket.request = null;
});

io.on('connection', (socket) => {
  socket.on('ask', (message, answer) => answer(message));
  socket.on('m', (message) => {
    const [kind, name] = message.split(' ', 2);
    switch (kind) {
      case 'a':
        io.emit('m', message);
        return;
      case 'g':
        io.to(`group ${name}`).emit('m', message);
        return;
      case 'u':
        io.to(`uid ${name}`).emit('m', message);
        return;
      case 'b':
        void socket.join(`uid ${name}`);
        break;
      case 'j':
        for (const group of message.slice(2).split(' .', 1)[0].split(' ')) {
          void socket.join(`group ${group}`);
        }
        break;
      case 's':
        socket.data.name = name;
        break;
    }
    socket.emit('m', message);
  });
});

listen();

/**
 * A game in rooms, 20 ticks a second. Each room lives in the memory of one worker, its owner, which all of the room's players
 * are routed to, and goes over to the next thread at a reload.
 */
import { defineEvents, Gateway } from 'gatewayworker';
import { readRequest, writeNow, writeYou } from './messages.js';
import { enter, newRoom, step } from './room.js';

const TICK = 50; // milliseconds

/** Those that this worker owns. */
let rooms = new Map();
let loop;

export default defineEvents({
  onWebSocketConnect(client, { query }) {
    client.session.room = query.room?.slice(0, 20) || 'lobby';
    // from its next event on, the client is with the worker that owns the room
    client.route(client.session.room, { scope: 'cluster' });
  },

  onMessage(client, message) {
    const request = readRequest(message);
    if (request === undefined) {
      client.close();
      return;
    }
    const player = playerOf(client);
    if (player && request.type === 'run') Object.assign(player, { dx: request.dx, dy: request.dy });
  },

  onClose({ id, session: { room: name } }) {
    const room = rooms.get(name);
    room?.players.delete(id);
    if (room?.players.size === 0) rooms.delete(name);
  },

  onHandOver() {
    pause();
    return rooms;
  },
  onTakeOver(_worker, state) {
    rooms = state;
    play();
  },
});

/** The client's player, made if need be: also after a crash, with which the rooms of that worker are lost. */
function playerOf(client) {
  const { room: name } = client.session;
  let room = rooms.get(name);
  if (room === undefined) rooms.set(name, (room = newRoom()));
  const known = room.players.get(client.id);
  if (known !== undefined) return known;
  const player = enter(room, client.id);
  if (player === undefined) {
    client.close(); // the room is full
    return undefined;
  }
  client.send(writeYou(player.number));
  client.join(name);
  play();
  return player;
}

function play() {
  loop ??= setInterval(tick, TICK);
}

function pause() {
  clearInterval(loop);
  loop = undefined;
}

function tick() {
  if (rooms.size === 0) pause();
  for (const [name, room] of rooms) {
    step(room);
    Gateway.sendToGroup(name, writeNow(room));
  }
}

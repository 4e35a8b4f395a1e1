/** The rules of the game: players run about a field and collect coins. Nothing here knows of connections or time. */

export const WIDTH = 800;
const HEIGHT = 450;
const MOST_PLAYERS = 255;
/** Per tick. */
const SPEED = 8;
const REACH = 20;

export function newRoom() {
  return { tick: 0, players: new Map(), coin: somewhere() };
}

/** Undefined when the room is full. */
export function enter(room, id) {
  const taken = new Set([...room.players.values()].map(({ number }) => number));
  let number = 1;
  while (taken.has(number)) number++;
  if (number > MOST_PLAYERS) return undefined;
  const player = { number, ...somewhere(), dx: 0, dy: 0, coins: 0 };
  room.players.set(id, player);
  return player;
}

export function step(room) {
  room.tick++;
  for (const player of room.players.values()) {
    player.x = clamp(player.x + player.dx * SPEED, WIDTH);
    player.y = clamp(player.y + player.dy * SPEED, HEIGHT);
    if (Math.hypot(player.x - room.coin.x, player.y - room.coin.y) > REACH) continue;
    player.coins++;
    room.coin = somewhere();
  }
}

function somewhere() {
  return { x: Math.floor(Math.random() * WIDTH), y: Math.floor(Math.random() * HEIGHT) };
}

function clamp(value, limit) {
  return Math.min(Math.max(value, 0), limit);
}

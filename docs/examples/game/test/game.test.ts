import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { boot, bootNode, type SocketClient, type TestApp } from 'gatewayworker/testing';
import events from '../events/index.ts';
import { enter, newRoom, step, WIDTH } from '../events/room.ts';

const PLAY = Buffer.from([0x01]);
const RIGHT = Buffer.from([0x02, 1, 0]);

let app: TestApp;
before(async () => {
  app = await boot({ events });
});
after(async () => {
  await app.close();
});

/** A message to the page, read: who one is, or the tick and the numbers of those who are there. */
interface Told {
  you?: number;
  tick?: number;
  players?: number[];
}

async function next(client: SocketClient): Promise<Told> {
  const bytes = (await client.next()) as Buffer;
  if (bytes[0] === 0x11) return { you: bytes[1] };
  const players = Array.from({ length: (bytes.length - 9) / 7 }, (_, index) => bytes[9 + index * 7]);
  return { tick: bytes.readUInt32BE(1), players };
}

/** The first tick with so many players. */
async function nextOf(client: SocketClient, count: number): Promise<Told> {
  for (;;) {
    const told = await next(client);
    if (told.players?.length === count) return told;
  }
}

test('players run, stop at the edge, and collect coins', () => {
  const room = newRoom();
  const player = enter(room, 'ann');
  assert.ok(player);
  Object.assign(player, { x: WIDTH - 30, y: 100, dx: 1 });
  room.coin = { x: WIDTH - 10, y: 100 };
  for (let count = 0; count < 10; count++) step(room);
  assert.deepEqual([player.x, player.coins, room.tick], [WIDTH, 1, 10]);
  assert.equal(enter(room, 'ben')?.number, 2);
});

test('the players of a room see each other, and nobody else', async () => {
  const [ann, ben] = [
    await app.connect({ query: { room: 'red' } }),
    await app.connect({ query: { room: 'red' } }),
  ];
  const eve = await app.connect({ query: { room: 'blue' } });
  for (const client of [ann, ben, eve]) client.send(PLAY);
  assert.deepEqual(await next(ann), { you: 1 });
  assert.deepEqual(await next(ben), { you: 2 });
  assert.deepEqual((await nextOf(ben, 2)).players, [1, 2]);
  assert.deepEqual(await next(eve), { you: 1 });
  assert.deepEqual((await next(eve)).players, [1]);
  await ann.close();
  assert.deepEqual((await nextOf(ben, 1)).players, [2]);
});

test('a reload goes on with the next tick, and with the same players', async () => {
  const ann = await app.connect({ query: { room: 'green' } });
  ann.send(PLAY);
  assert.deepEqual(await next(ann), { you: 1 });
  const { tick: first = 0 } = await next(ann);
  await app.reload();
  ann.send(RIGHT);
  for (let tick = first + 1; tick < first + 5; tick++)
    assert.deepEqual(await next(ann), { tick, players: [1] });
});

test('what is no message of the game closes the connection', async () => {
  for (const message of ['text', Buffer.from([9]), Buffer.from([2, 1])]) {
    const client = await app.connect();
    client.send(message);
    assert.equal((await client.closed).code, 1000);
  }
});

test('with several workers, a room is in one of them', async () => {
  const node = await bootNode({ config: { gateway: { lanPort: 0 }, worker: { count: 2 } } });
  const rooms = ['red', 'green', 'blue', 'black'];
  const players = await Promise.all(
    [...rooms, ...rooms].map(async (room) => await node.connect({ path: `/?room=${room}` })),
  );
  for (const player of players) player.send(PLAY);
  for (const player of players) assert.deepEqual((await nextOf(player, 2)).players, [1, 2]);
  await node.close();
});

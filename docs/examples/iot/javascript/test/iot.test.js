import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { boot, bootNode } from 'gatewayworker/testing';
import device, { readOrders, writeReport } from '../device.js';
import events from '../events/index.js';

let app;
before(async () => {
  app = await boot({ events });
});
after(async () => {
  await app.close();
});

const READING = { type: 'reading', temperature: 21.5, lamp: false };

test('a page sees devices come, report and go', async () => {
  const page = await app.connect();
  assert.deepEqual(await page.nextJson(), { type: 'devices', devices: [] });

  // what the gateway makes of a device's bytes
  const kitchen = await app.connect({ websocket: false });
  kitchen.sendJson({ type: 'hello', name: 'kitchen' });
  assert.deepEqual(await page.nextJson(), { type: 'device', device: { kind: 'device', name: 'kitchen' } });
  kitchen.sendJson(READING);
  const seen = { kind: 'device', name: 'kitchen', temperature: 21.5, lamp: false };
  assert.deepEqual(await page.nextJson(), { type: 'device', device: seen });

  const late = await app.connect();
  assert.deepEqual(await late.nextJson(), { type: 'devices', devices: [seen] });
  late.sendJson({ name: 'kitchen', lamp: true });
  assert.deepEqual(await kitchen.nextJson(), { type: 'switch', lamp: true });

  await kitchen.close();
  assert.deepEqual(await page.nextJson(), { type: 'gone', name: 'kitchen' });
});

test('a device that comes back takes the place of its old connection', async () => {
  const old = await app.connect({ websocket: false });
  old.sendJson({ type: 'hello', name: 'cellar' });
  await app.settled();
  const page = await app.connect();
  await page.next();

  const now = await app.connect({ websocket: false });
  now.sendJson({ type: 'hello', name: 'cellar' });
  await old.closed;
  await app.settled();
  assert.deepEqual(app.uid('cellar').clients, [now]);
  assert.equal(
    page.messages.some((message) => String(message).includes('gone')),
    false,
  );
});

test('who does not say hello first is disconnected, and what a page says wrongly is nothing', async () => {
  const stranger = await app.connect({ websocket: false });
  stranger.sendJson(READING);
  await stranger.closed;
  const page = await app.connect();
  for (const text of ['no JSON', 'null', '{"name":"","lamp":true}']) page.send(text);
  await app.settled();
  assert.equal(page.open, true);
});

test('a report survives the bytes, however they arrive', () => {
  const bytes = writeReport({ type: 'reading', temperature: -3.2, lamp: true });
  assert.equal(device.input(bytes.subarray(0, 1)), bytes.length);
  assert.deepEqual(JSON.parse(device.decode(bytes)), { type: 'reading', temperature: -3.2, lamp: true });
  assert.equal(device.input(Buffer.from([1])), -1);
  const order = device.encode('{"type":"switch","lamp":true}');
  const { orders, rest } = readOrders(Buffer.concat([order, order, order.subarray(0, 2)]));
  assert.deepEqual(
    orders.map(({ lamp }) => lamp),
    [true, true],
  );
  assert.deepEqual(rest, order.subarray(0, 2));
});

test('over real sockets, a page switches the lamp of a device', async () => {
  const listen = [{ url: 'ws://127.0.0.1:0' }, { url: 'tcp://127.0.0.1:0', protocol: 'device.js' }];
  const node = await bootNode({ config: { gateway: { listen, lanPort: 0 }, worker: { count: 1 } } });
  const page = await node.connect();
  await page.next();
  const socket = connect(Number(new URL(node.urls[1]).port), '127.0.0.1');
  socket.write(writeReport({ type: 'hello', name: 'attic' }));
  await page.next();
  page.sendJson({ name: 'attic', lamp: true });
  const [bytes] = await once(socket, 'data');
  assert.equal(readOrders(bytes).orders[0].lamp, true);
  socket.destroy();
  await node.close();
});

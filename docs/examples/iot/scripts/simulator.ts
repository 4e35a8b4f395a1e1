/** A device that is none: npm run device -- kitchen */
import { connect } from 'node:net';
import { readOrders, writeReport } from '../device.ts';

const [name = 'kitchen', address = '127.0.0.1:8285'] = process.argv.slice(2);
const [host, port] = address.split(':');

let temperature = 20;
let lamp = false;
let unread = Buffer.alloc(0);

const socket = connect(Number(port), host, () => {
  console.log(`${name} is connected`);
  socket.write(writeReport({ type: 'hello', name }));
  report();
});

function report(): void {
  socket.write(writeReport({ type: 'reading', temperature, lamp }));
}

const timer = setInterval(() => {
  temperature += Math.random() - 0.5;
  report();
}, 1000);

socket.on('data', (bytes) => {
  const { orders, rest } = readOrders(Buffer.concat([unread, bytes]));
  unread = Buffer.from(rest);
  for (const order of orders) {
    lamp = order.lamp;
    console.log(`the lamp is ${lamp ? 'on' : 'off'}`);
    report();
  }
});
socket.on('error', (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
socket.on('close', () => {
  clearInterval(timer);
  console.log('disconnected');
});

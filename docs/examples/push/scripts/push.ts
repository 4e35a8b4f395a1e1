/** Sends a text: npm run push -- ann "Hello"; npm run push -- --topic news "Hello"; npm run push -- --all "Hello" */
import { parseArgs } from 'node:util';
import { GatewayClient } from 'gatewayworker/client';
import { notify } from '../notify.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { topic: { type: 'string' }, all: { type: 'boolean' } },
});
const text = positionals.pop();
const [uid] = positionals;
if (text === undefined || [uid, values.topic, values.all].filter((one) => one !== undefined).length !== 1) {
  console.error('Expected ann "Hello", --topic news "Hello" or --all "Hello".');
  process.exit(2);
}

const gateway = new GatewayClient({
  registerAddress: process.env.REGISTER_ADDRESS ?? '127.0.0.1:1236',
  secretKey: process.env.GW_CLUSTER_SECRETKEY,
});
const count = await notify(gateway, { uid, topic: values.topic }, text);
console.log(`Sent. Online: ${count}`);
await gateway.close();

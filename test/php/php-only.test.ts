import { it } from 'node:test';
import { PhpClient } from './php-client.js';
import { PhpCluster } from './php-cluster.js';
import { Scene } from './scene.js';
import { STEPS, title, WORKER_STEPS } from './steps.js';

it('tries', async () => {
  const cluster = await PhpCluster.start({ secretKey: 's3cret' });
  try {
  const scene = await Scene.open(cluster.gateways[0].url);
  var client = new PhpClient({ registers: cluster.registers, secretKey: 's3cret' });
  console.log(JSON.stringify(scene.named((await scene.witnesses.dan.call('happened', [])))));
  for (const step of WORKER_STEPS) {
    const effect = await scene.perform(scene.witnesses.dan, step);
    console.log(title(step), JSON.stringify(effect).slice(0, 600));
  }
  for (const step of STEPS) {
    const effect = await scene.perform(client, step);
    console.log(title(step), JSON.stringify(effect).slice(0, 600));
  }
  await scene.close();
  } finally {
  await client!?.stop();
  const log = cluster.log;
  await cluster.stop();
  console.log(log);
  }
});

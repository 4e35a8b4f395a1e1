import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { samplesIn } from './documents.js';
import { fixture } from './fixtures.js';
import { type Ends, NatsServer } from './nats.js';

/** Of the servers, which have the name localhost. */
export const DOCUMENTED_CA = fixture('tls/ca.pem');

export function passwordOf(user: string): string {
  return `word of ${user}`;
}

/** A server with the configuration that docs/backbone.md has, but for its port. */
export async function documentedNats(test: Ends): Promise<NatsServer> {
  const [sample] = samplesIn('conf').filter(({ document }) => document === 'docs/backbone.md');
  for (const user of ['node', 'shop', 'audit', 'others'])
    process.env[`${user.toUpperCase()}_PASSWORD`] = `"${passwordOf(user)}"`;
  const server = await NatsServer.prepare(test);
  await copyFile(fixture('tls/chat.pem'), join(server.folder, 'nats.pem'));
  await copyFile(fixture('tls/chat.key'), join(server.folder, 'nats-key.pem'));
  await server.configure(sample.code.replace(/^listen: .*$/m, ''));
  await server.up();
  return server;
}

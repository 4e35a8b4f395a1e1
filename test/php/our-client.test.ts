import { GatewayClient } from '#src/client/index.js';
import type { Caller, Outcome } from './caller.js';
import { compare } from './comparison.js';
import { InOurWay, inOurWay } from './our-way.js';
import { PhpClient } from './php-client.js';
import { PhpCluster } from './php-cluster.js';
import { type Effect, Scene } from './scene.js';
import { STEPS, type Step } from './steps.js';

/** Our GatewayClient, before a cluster of PHP alone. */

for (const secretKey of ['', 's3cret']) {
  compare(
    `Our GatewayClient, ${secretKey === '' ? 'without a key' : 'with a key'}`,
    STEPS.filter(({ phpOnly }) => !phpOnly),
    {
      reference: (steps) =>
        played(steps, secretKey, ({ registers }) => new PhpClient({ registers, secretKey })),
      play: (steps) =>
        played(steps, secretKey, ({ registers }) => new OurClient(registers, secretKey)),
      expected: inOurWay,
    },
  );
}

async function played(
  steps: readonly Step[],
  secretKey: string,
  connect: (cluster: PhpCluster) => Caller & { stop(): Promise<void> },
): Promise<Effect[]> {
  const cluster = await PhpCluster.start({ secretKey });
  const scene = await Scene.open(cluster.gateways[0].url);
  const client = connect(cluster);
  try {
    return await scene.play(client, steps);
  } finally {
    await client.stop();
    await scene.close();
    await cluster.stop();
  }
}

/** Our GatewayClient as one who has calls made. */
class OurClient implements Caller {
  readonly #client: GatewayClient;
  readonly #caller: Caller;

  constructor(registers: readonly string[], secretKey: string) {
    this.#client = new GatewayClient({ registerAddress: registers, secretKey });
    this.#caller = new InOurWay({ call: (call, args) => this.#call(call, args) });
  }

  call(call: string, args: readonly unknown[]): Promise<Outcome> {
    return this.#caller.call(call, args);
  }

  async stop(): Promise<void> {
    await this.#client.close();
  }

  async #call(call: string, args: readonly unknown[]): Promise<Outcome> {
    const calls = this.#client as unknown as Record<string, (...args: readonly unknown[]) => unknown>;
    try {
      return { result: await calls[call](...args) };
    } catch (error) {
      const { name, message, code } = error as Error & { code?: string };
      return { error: { name, message, code } };
    }
  }
}

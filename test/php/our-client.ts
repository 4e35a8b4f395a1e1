import { GatewayClient } from '#src/client/index.js';
import type { Caller, Outcome } from './caller.js';

/** Our GatewayClient as one who has calls made. */
export class OurClient implements Caller {
  readonly #client: GatewayClient;

  constructor({ registers, secretKey }: { registers: readonly string[]; secretKey: string }) {
    this.#client = new GatewayClient({ registerAddress: registers, secretKey });
  }

  async call(call: string, args: readonly unknown[]): Promise<Outcome> {
    const calls = this.#client as unknown as Record<string, (...args: readonly unknown[]) => unknown>;
    try {
      return { result: await calls[call](...args) };
    } catch (error) {
      const { name, message, code } = error as Error & { code?: string };
      return { error: { name, message, code } };
    }
  }

  async stop(): Promise<void> {
    await this.#client.close();
  }
}

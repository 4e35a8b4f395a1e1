import { type Caller, type Outcome, base64 } from './caller.js';
import { PhpProcess } from './php-process.js';

export interface PhpClientOptions {
  readonly registers: readonly string[];
  readonly secretKey?: string;
  /** GatewayClient's own class, or the one that comes with GatewayWorker, which keeps its connections. */
  readonly library?: 'GatewayClient\\Gateway' | 'GatewayWorker\\Lib\\Gateway';
}

/** A PHP program that uses GatewayClient. */
export class PhpClient implements Caller {
  readonly #process: PhpProcess;

  constructor({ registers, secretKey = '', library = 'GatewayClient\\Gateway' }: PhpClientOptions) {
    const settings = { class: library, register: registers, secretKey, persistent: library.includes('Lib') };
    this.#process = PhpProcess.start('The PHP GatewayClient', 'client.php', JSON.stringify(settings));
  }

  async call(call: string, args: readonly unknown[]): Promise<Outcome> {
    this.#process.write(JSON.stringify({ call, args }, base64));
    return (await this.#process.next()) as object;
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }
}

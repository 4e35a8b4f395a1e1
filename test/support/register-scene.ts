import { setImmediate } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import type { Logger } from '#src/base/log.js';
import { RegisterServer, type RegisterServerOptions } from '#src/register/register-server.js';
import { LIMIT } from './inbox.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { TextClient } from './text-client.js';

export const SECRET_KEY = 's3cret';

/** A log that keeps its lines. */
export class KeptLog {
  readonly lines: { level: number; msg: string; kind?: string; remoteAddress?: string }[] = [];
  readonly logger: Logger = pino(
    { level: 'info' },
    { write: (line) => void this.lines.push(JSON.parse(line)) },
  );

  /** The messages of warnings. */
  get warnings(): string[] {
    return this.lines.filter(({ level }) => level > 30).map(({ msg }) => msg);
  }
}

/** A Register under test, whose time stands still, and peers that speak its protocol by hand. */
export class RegisterScene {
  readonly clock = new ManualClock();
  readonly log = new KeptLog();
  server!: RegisterServer;

  static async open(test: TestContext, options: Partial<RegisterServerOptions> = {}): Promise<RegisterScene> {
    const scene = new RegisterScene();
    scene.server = await RegisterServer.open({
      listen: '127.0.0.1:0',
      secretKey: SECRET_KEY,
      clock: scene.clock,
      log: scene.log.logger,
      ...options,
    });
    test.after(() => scene.server.close());
    return scene;
  }

  /** Somebody who has connected and said nothing. */
  peer(): Promise<TextClient> {
    return TextClient.connect(`text://${this.server.address}`);
  }

  async gateway(address: string): Promise<TextClient> {
    const peer = await this.peer();
    peer.send(gatewayConnect(address));
    return peer;
  }

  async worker(): Promise<TextClient> {
    const peer = await this.peer();
    peer.send(workerConnect());
    return peer;
  }
}

/** As PHP's Gateway writes it. */
export function gatewayConnect(address: string, secretKey = SECRET_KEY): string {
  return `{"event":"gateway_connect", "address":"${address}", "secret_key":"${secretKey}"}`;
}

/** As PHP's BusinessWorker and GatewayClient write it. */
export function workerConnect(secretKey = SECRET_KEY): string {
  return `{"event":"worker_connect","secret_key":"${secretKey}"}`;
}

/** The line that a worker is sent. */
export function broadcast(...addresses: string[]): string {
  return JSON.stringify({ event: 'broadcast_addresses', addresses });
}

/** Waits, turn by turn of the event loop, for what no event tells. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + LIMIT;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${LIMIT / 1000} s in vain until ${what}`);
    await setImmediate();
  }
}

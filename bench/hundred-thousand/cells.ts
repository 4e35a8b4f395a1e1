import { systemClock } from '#src/base/clock.js';
import { createLogger } from '#src/base/log.js';
import type { UserConfig } from '#src/config/user-config.js';
import { RegisterServer } from '#src/register/register-server.js';
import { Nats } from '../servers/nats.js';

type ClusterSettings = NonNullable<UserConfig['cluster']>;

/** How nodes know each other: one mesh, or several that a NATS server joins. The Registers are in this process. */
export class Cells {
  /** Undefined when there is one mesh. */
  readonly nats: Nats | undefined;
  readonly #registers: readonly RegisterServer[];

  static async open(cells: number): Promise<Cells> {
    const registers = await Promise.all(Array.from({ length: cells }, openRegister));
    return new Cells(registers, cells === 1 ? undefined : await Nats.start('nats-server'));
  }

  private constructor(registers: readonly RegisterServer[], nats: Nats | undefined) {
    this.#registers = registers;
    this.nats = nats;
  }

  /** What a node of a cell has to know. @param cell its number */
  settings(cell: number): ClusterSettings {
    const registerAddress = [this.#registers[cell].address];
    if (this.nats === undefined) return { registerAddress };
    return { registerAddress, backbone: { servers: [this.nats.url], name: `cell-${cell}` } };
  }

  async close(): Promise<void> {
    await Promise.all(this.#registers.map(async (register) => await register.close()));
    await this.nats?.stop();
  }
}

async function openRegister(): Promise<RegisterServer> {
  return await RegisterServer.open({
    listen: '127.0.0.1:0',
    secretKey: '',
    clock: systemClock,
    log: createLogger({ level: 'warn', destination: process.stderr }),
  });
}

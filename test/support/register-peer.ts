import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { createInterface } from 'node:readline';

/** A gateway's connection to a Register, as PHP's makes it. */
export class RegisterPeer {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket.on('error', () => {});
  }

  /** Announces a gateway; resolves once the Register has it. */
  static async announce(
    port: number,
    address: string,
    secretKey = '',
    host = '127.0.0.1',
  ): Promise<RegisterPeer> {
    const socket = connect(port, host);
    // asking for the list, too, shows when the Register has handled the announcement
    for (const message of [{ event: 'gateway_connect', address }, { event: 'worker_connect' }]) {
      socket.write(`${JSON.stringify({ ...message, secret_key: secretKey })}\n`);
    }
    await once(socket, 'data');
    return new RegisterPeer(socket);
  }

  /** Resolves once the Register names so many gateways. */
  static async named(port: number, count: number, secretKey = ''): Promise<readonly string[]> {
    const socket = connect(port, '127.0.0.1');
    socket.write(`${JSON.stringify({ event: 'worker_connect', secret_key: secretKey })}\n`);
    try {
      for await (const line of createInterface({ input: socket })) {
        const { addresses } = JSON.parse(line) as { addresses: string[] };
        if (addresses.length === count) return addresses;
      }
      throw new Error('the Register closed the connection');
    } finally {
      socket.destroy();
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}

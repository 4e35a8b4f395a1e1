import { once } from 'node:events';
import { type Socket, connect } from 'node:net';

/** A gateway's connection to a Register, as PHP's makes it. */
export class RegisterPeer {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket.on('error', () => {});
  }

  /** Announces a gateway; resolves once the Register has it. */
  static async announce(port: number, address: string, secretKey = ''): Promise<RegisterPeer> {
    const socket = connect(port, '127.0.0.1');
    // asking for the list, too, shows when the Register has handled the announcement
    for (const message of [{ event: 'gateway_connect', address }, { event: 'worker_connect' }]) {
      socket.write(`${JSON.stringify({ ...message, secret_key: secretKey })}\n`);
    }
    await once(socket, 'data');
    return new RegisterPeer(socket);
  }

  close(): void {
    this.#socket.destroy();
  }
}

import type { ListenUrl } from '../../config/listen-url.js';
import type { ListenerContext, ListenerOptions } from './protocol.js';

/**
 * What the clients of a port carry. It is there before the port opens, since the first client may come in that moment; a port
 * that was to be any free one gets its number then ({@link OpenListenerContext.opened}).
 */
export class OpenListenerContext implements ListenerContext {
  readonly heartbeat: boolean;
  port: number;
  connections = 0;
  readonly #address: ListenUrl;

  constructor(address: ListenUrl, { heartbeat = true }: ListenerOptions) {
    this.#address = address;
    this.port = address.port;
    this.heartbeat = heartbeat;
  }

  get url(): string {
    const { scheme, host } = this.#address;
    return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${this.port}`;
  }

  /** @param port the one that it really has */
  opened(port: number): this {
    this.port = port;
    return this;
  }
}

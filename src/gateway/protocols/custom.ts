import { basename } from 'node:path';
import { defaultExport } from '../../base/default-export.js';
import { messageOf } from '../../base/error-text.js';
import { GatewayError } from '../../base/errors.js';
import type { InputBuffer } from './input-buffer.js';
import { importFile } from '../../bundle/module-file.js';
import type { ListenerContext } from './listener-context.js';
import type { ClientHost, Connection } from './protocol.js';
import type { ProtocolConnection, ProtocolModule } from './protocol-module.js';
import type { StreamProtocol } from './stream-protocol.js';
import type { StreamConnection } from './stream-connection.js';

const FUNCTIONS = ['input', 'decode', 'encode'] as const;

/**
 * Loads a protocol module.
 *
 * @throws GatewayError GW_PROTOCOL_MODULE
 */
export async function loadProtocol(
  path: string,
  { options, host }: ListenerContext,
): Promise<CustomProtocol> {
  let exported: Record<string, unknown>;
  try {
    exported = await importFile(path, options.stateDir ?? '');
  } catch (cause) {
    const message = `The protocol module ${path} cannot be loaded: ${messageOf(cause)}`;
    throw new GatewayError('GW_PROTOCOL_MODULE', message, { cause });
  }
  const standard = defaultExport(exported);
  const module = [exported, standard].find(isProtocolModule);
  if (module !== undefined) return new CustomProtocol(basename(path), module, host);
  const names = Object.keys({ ...exported, ...Object(standard) }).join(', ') || 'nothing';
  const expected = 'expected the functions input, decode and encode, exported by name or in a default export';
  throw new GatewayError('GW_PROTOCOL_MODULE', `The protocol module ${path} exports ${names}; ${expected}.`);
}

function isProtocolModule(value: unknown): value is ProtocolModule {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  return FUNCTIONS.every((name) => typeof Reflect.get(value, name) === 'function');
}

/** A user's module as a protocol. Nothing that it throws or returns gets past here. */
class CustomProtocol implements StreamProtocol {
  readonly name: string;
  readonly sharedEncoding: boolean;
  readonly #module: ProtocolModule;
  readonly #host: ClientHost;
  readonly #shownByConnection = new WeakMap<Connection, ProtocolConnection>();

  constructor(name: string, module: ProtocolModule, host: ClientHost) {
    this.name = name;
    this.sharedEncoding = module.encode.length < 2;
    this.#module = module;
    this.#host = host;
  }

  measure(input: InputBuffer, connection: StreamConnection): number {
    try {
      const length = this.#module.input(input.view(), this.#shown(connection));
      if (Number.isSafeInteger(length) && length >= 0) return length;
      connection.refuse('input', `input returned ${String(length)}, no length: these bytes are no package.`);
    } catch (error) {
      connection.refuse('input', `input failed: ${messageOf(error)}`);
    }
    return 0;
  }

  unpack(bytes: Buffer, connection: StreamConnection): void {
    let message: string | Buffer;
    try {
      message = checked('decode', this.#module.decode(bytes, this.#shown(connection)));
    } catch (error) {
      connection.refuse('decode', `decode failed: ${messageOf(error)}`);
      return;
    }
    if (typeof message === 'string') connection.deliver(Buffer.from(message), false);
    else connection.deliver(message, true);
  }

  /**
   * Where `encode` fails the message is lost and the client is closed; with a shared encoding, where the failure is not
   * one client's, nobody is.
   */
  encode(message: Buffer, binary: boolean, connection: Connection): Buffer {
    try {
      const content = binary ? message : message.toString();
      const bytes = checked('encode', this.#module.encode(content, this.#shown(connection)));
      return typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    } catch (error) {
      if (!this.sharedEncoding) connection.close();
      this.#host.refused(
        `${this.name} encode`,
        connection.remoteAddress,
        `encode failed: ${messageOf(error)}`,
      );
      return NOTHING;
    }
  }

  #shown(connection: Connection): ProtocolConnection {
    let shown = this.#shownByConnection.get(connection);
    if (shown === undefined) {
      const { remoteAddress, remotePort, listener } = connection;
      shown = { remoteAddress, remotePort, localPort: listener.port, state: {} };
      this.#shownByConnection.set(connection, shown);
    }
    return shown;
  }
}

const NOTHING = Buffer.alloc(0);

/** What a module returned, which need not be what its types say. */
function checked(name: string, value: unknown): string | Buffer {
  if (typeof value === 'string' || Buffer.isBuffer(value)) return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  throw new GatewayError(
    'GW_PROTOCOL_MODULE',
    `${name} returned ${Object.prototype.toString.call(value).slice(8, -1)}; expected a string or a Buffer.`,
  );
}

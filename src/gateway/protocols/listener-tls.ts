import type { Server, TlsOptions } from 'node:tls';
import { GatewayError } from '../../base/errors.js';
import { Certificates, type TlsConfig } from './certificates.js';
import { HANDSHAKE_TIMEOUT } from './timeouts.js';
import { askAddress } from './tls-failure.js';

/** TLS of one listener: what it shows clients and asks of them, replaced while they come and go. */
export class ListenerTls {
  /** In use. */
  certificates: Certificates;
  readonly #config: TlsConfig;
  readonly #url: string;
  #server: Server | undefined;

  private constructor(config: TlsConfig, url: string, certificates: Certificates) {
    this.#config = config;
    this.#url = url;
    this.certificates = certificates;
  }

  /** @throws GatewayError GW_TLS */
  static async open(config: TlsConfig, url: string): Promise<ListenerTls> {
    return new ListenerTls(config, url, await Certificates.read(config, url));
  }

  /** For a server, which is then given to {@link serve}. */
  get options(): TlsOptions {
    const { requestCert = false, rejectUnauthorized = true, sni } = this.#config;
    return {
      ...this.certificates.options,
      requestCert,
      rejectUnauthorized,
      handshakeTimeout: HANDSHAKE_TIMEOUT,
      ...(sni !== undefined && {
        SNICallback: (name, done) => done(null, this.certificates.contextFor(name)),
      }),
    };
  }

  /** This server gets new certificates as they come. */
  serve(server: Server): void {
    this.#server = server;
    if (this.#config.requestCert === true) server.on('connection', askAddress);
  }

  /** Reads the files anew, and changes nothing. @throws GatewayError GW_TLS */
  async read(): Promise<Certificates> {
    try {
      return await Certificates.read(this.#config, this.#url);
    } catch (cause) {
      const { message } = cause as Error;
      throw new GatewayError('GW_TLS', `${message} The certificates that are in use stay.`, { cause });
    }
  }

  /** From now on handshakes are done with these. Connections that are open go on with what they have. */
  use(certificates: Certificates): void {
    this.certificates = certificates;
    this.#server?.setSecureContext(certificates.options);
  }
}

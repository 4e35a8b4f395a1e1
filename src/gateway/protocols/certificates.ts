import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type SecureContext, type SecureContextOptions, createSecureContext } from 'node:tls';
import { GatewayError } from '../../base/errors.js';
import type { ListenerConfig } from '../../config/schema.js';
import { altNamesOf } from './alt-names.js';

export type TlsConfig = NonNullable<ListenerConfig['tls']>;

/** A certificate with its key, as the files have them. */
interface Pair {
  readonly file: string;
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly x509: X509Certificate;
}

/** So that a client may take up its session again with whichever certificate it was begun. */
const SESSION_ID_CONTEXT = 'gatewayworker';

/** The certificates of a listener as they are in its files, by the names that clients ask for (SNI). */
export class Certificates {
  /** For the server: with the certificate for whoever asks for no name, or one that there is not. */
  readonly options: SecureContextOptions;
  readonly #pairs: readonly Pair[];
  readonly #exact = new Map<string, SecureContext | undefined>();
  /** `example.org` of `*.example.org`. */
  readonly #wildcards = new Map<string, SecureContext | undefined>();

  private constructor(pairs: readonly Pair[], common: SecureContextOptions) {
    const [standard, ...others] = pairs;
    this.#pairs = pairs;
    this.options = { ...common, cert: standard.cert, key: standard.key };
    this.#add(standard, undefined);
    for (const pair of others)
      this.#add(pair, createSecureContext({ ...common, cert: pair.cert, key: pair.key }));
  }

  /**
   * Reads and checks all of it.
   *
   * @param url the listener, for messages
   * @throws GatewayError GW_TLS that names the file, and what is wrong with it
   */
  static async read(config: TlsConfig, url: string): Promise<Certificates> {
    const { sni = [], ca, minVersion } = config;
    const pairs = await Promise.all([config, ...sni].map(async (files) => await readPair(files, url)));
    const authorities = ca === undefined ? undefined : await readAuthorities(ca, url);
    for (const [index, { file, x509 }] of pairs.entries()) {
      if (index > 0 && dnsNamesOf(x509).length === 0) {
        throw unusable(
          file,
          'tls.sni',
          url,
          'has no DNS name (subjectAltName) by which a client could ask for it',
        );
      }
    }
    const common = { ca: authorities, minVersion, sessionIdContext: SESSION_ID_CONTEXT };
    for (const { file, cert, key } of pairs) {
      try {
        createSecureContext({ ...common, cert, key });
      } catch (cause) {
        throw unusable(file, 'tls.cert', url, `cannot be used: ${(cause as Error).message}`, cause);
      }
    }
    return new Certificates(pairs, common);
  }

  /** What a client is shown that asks for this name; undefined for the server's own. */
  contextFor(name: string): SecureContext | undefined {
    const asked = name.toLowerCase();
    if (this.#exact.has(asked)) return this.#exact.get(asked);
    return this.#wildcards.get(asked.slice(asked.indexOf('.') + 1));
  }

  /** The names that clients may ask for. */
  get names(): string[] {
    return [...this.#exact.keys(), ...[...this.#wildcards.keys()].map((domain) => `*.${domain}`)];
  }

  /** When the first of them expires. */
  get validTo(): Date {
    return new Date(Math.min(...this.#pairs.map(({ x509 }) => Date.parse(x509.validTo))));
  }

  /** What clients will not accept, though it can be used: a sentence each. @param now milliseconds since 1970 */
  warnings(now: number): string[] {
    return this.#pairs.flatMap(({ file, x509: { validFrom, validTo } }) => {
      if (Date.parse(validTo) < now)
        return [`the certificate in ${file} has expired, on ${validTo}: clients refuse it`];
      if (Date.parse(validFrom) > now)
        return [`the certificate in ${file} is not valid before ${validFrom}: clients refuse it until then`];
      return [];
    });
  }

  /** Of two that have the same name, the first is shown. */
  #add({ x509 }: Pair, context: SecureContext | undefined): void {
    for (const name of dnsNamesOf(x509)) {
      const isWildcard = name.startsWith('*.');
      const names = isWildcard ? this.#wildcards : this.#exact;
      const key = isWildcard ? name.slice(2) : name;
      if (!names.has(key)) names.set(key, context);
    }
  }
}

function dnsNamesOf({ subjectAltName }: X509Certificate): string[] {
  return altNamesOf(subjectAltName)
    .filter((name) => name.startsWith('DNS:'))
    .map((name) => name.slice(4).toLowerCase());
}

async function readPair(files: { cert: string; key: string }, url: string): Promise<Pair> {
  const [cert, key] = await Promise.all([readPem(files.cert, 'cert', url), readPem(files.key, 'key', url)]);
  const x509 = certificateIn(cert, files.cert, 'tls.cert', url);
  if (!x509.checkPrivateKey(keyIn(key, files.key, url))) {
    const problem = `is not the key of the certificate in ${files.cert}, which has to be the first in its file`;
    throw unusable(files.key, 'tls.key', url, problem);
  }
  return { file: files.cert, cert, key, x509 };
}

function certificateIn(pem: Buffer, file: string, key: string, url: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw unusable(file, key, url, `has no certificate: ${(cause as Error).message}; expected PEM`, cause);
  }
}

function keyIn(pem: Buffer, file: string, url: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    const problem = pem.includes('ENCRYPTED')
      ? 'is encrypted; expected one without a passphrase ("openssl pkey -in … -out …" writes it)'
      : `has no private key: ${(cause as Error).message}; expected PEM`;
    throw unusable(file, 'tls.key', url, problem, cause);
  }
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g;

/** One after another: OpenSSL passes over what it cannot read. */
async function readAuthorities(file: string, url: string): Promise<string[]> {
  const found = (await readPem(file, 'ca', url)).toString('latin1').match(CERTIFICATE);
  if (found === null) throw unusable(file, 'tls.ca', url, 'has no certificate; expected PEM');
  for (const pem of found) certificateIn(Buffer.from(pem), file, 'tls.ca', url);
  return found;
}

async function readPem(file: string, key: string, url: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw unusable(file, `tls.${key}`, url, `cannot be read: ${code ?? message}`, cause);
  }
}

function unusable(file: string, key: string, url: string, problem: string, cause?: unknown): GatewayError {
  return new GatewayError('GW_TLS', `${file} (${key} of ${url}) ${problem}.`, { cause });
}

import { randomBytes } from 'node:crypto';
import type { Clock } from '../base/clock.js';
import { SecretKey } from '../net/secret-key.js';
import { Attempts } from './attempts.js';
import type { Exchange } from './exchange.js';
import type { Hosts } from './hosts.js';
import { Refusal } from './refusal.js';
import { Sessions } from './sessions.js';

/** Of a random token: the link with it fits into a line of a terminal. */
const BYTES = 24;

export interface GuardOptions {
  /** '' for a random one. */
  readonly token: string;
  readonly hosts: Hosts;
  /** The admin listener's port, once it is open: cookies are shared by all ports of a host. */
  readonly port: () => number;
  readonly clock: Clock;
}

/** Who may use the admin listener: whoever knows the token, by himself or by a browser that was given a cookie for it. */
export class Guard {
  readonly token: string;
  readonly #options: GuardOptions;
  readonly #key: SecretKey;
  readonly #attempts: Attempts;
  readonly #sessions: Sessions;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.token = options.token || randomBytes(BYTES).toString('base64url');
    this.#key = new SecretKey(this.token);
    this.#attempts = new Attempts(options.clock);
    this.#sessions = new Sessions(options.clock);
  }

  /** Whether a request may be done. @throws Refusal */
  async check(exchange: Exchange): Promise<void> {
    const { request, method } = exchange;
    const origin = this.#options.hosts.checkOrigin(request.headers);
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      const [, token] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
      await this.#checkToken(exchange, token);
      return;
    }
    if (!this.#sessions.has(this.#cookieOf(exchange))) {
      throw unauthorized('No token came; expected it in the header "Authorization: Bearer TOKEN".');
    }
    // a browser adds cookies by itself, and says with all but a GET whose page it was
    if (origin === undefined && method !== 'GET') {
      throw new Refusal(
        403,
        'The request has a cookie and no Origin; expected one of the admin page, or the token in the header Authorization.',
      );
    }
  }

  /** Opens a session for who knows the token. @returns the cookie, as the header Set-Cookie has it. @throws Refusal */
  async logIn(exchange: Exchange, token: string | undefined): Promise<string> {
    const origin = this.#options.hosts.checkOrigin(exchange.request.headers);
    await this.#checkToken(exchange, token);
    const secure = 'encrypted' in exchange.request.socket || origin?.startsWith('https:') === true;
    return this.#cookie(this.#sessions.open(), secure ? '; Secure' : '');
  }

  /** Ends the session of this request. @returns the cookie, as the header Set-Cookie takes it away */
  logOut(exchange: Exchange): string {
    this.#sessions.close(this.#cookieOf(exchange));
    return this.#cookie('', '; Max-Age=0');
  }

  async #checkToken({ address }: Exchange, token = ''): Promise<void> {
    this.#attempts.check(address);
    if (this.#key.matches(token)) return;
    await this.#attempts.failed(address);
    throw unauthorized(
      'The token is wrong. "gatewayworker admin" tells it, on the machine and as the user that the node runs as.',
    );
  }

  get #cookieName(): string {
    return `gatewayworker_admin_${this.#options.port()}`;
  }

  #cookie(value: string, attributes: string): string {
    return `${this.#cookieName}=${value}; Path=/; HttpOnly; SameSite=Strict${attributes}`;
  }

  #cookieOf({ request }: Exchange): string {
    const start = `${this.#cookieName}=`;
    const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trim());
    return cookies.find((cookie) => cookie.startsWith(start))?.slice(start.length) ?? '';
  }
}

function unauthorized(message: string): Refusal {
  return new Refusal(401, message, { code: 'GW_AUTH', headers: { 'WWW-Authenticate': 'Bearer' } });
}

import { nkeys } from '@nats-io/transport-node';

type KeyPair = ReturnType<typeof nkeys.createUser>;

/** An operator and an account of theirs, as `nsc` makes them, whose users log in by a file of credentials. */
export class NatsAccount {
  readonly #operator = nkeys.createOperator();
  readonly #account = nkeys.createAccount();

  /** What a server has to know of them, in the format of its configuration. */
  get config(): string {
    const operator = signed(this.#operator, this.#operator.getPublicKey(), { type: 'operator' });
    const limits = {
      subs: -1,
      data: -1,
      payload: -1,
      imports: -1,
      exports: -1,
      conn: -1,
      leaf: -1,
      wildcards: true,
    };
    const account = signed(this.#operator, this.#account.getPublicKey(), { type: 'account', limits });
    return `operator: ${operator}
resolver: MEMORY
resolver_preload: { ${this.#account.getPublicKey()}: ${account} }`;
  }

  /** The text of the file of credentials of a new user, and the public key of the user. */
  newUser(): { credentials: string; publicKey: string } {
    const user = nkeys.createUser();
    const publicKey = user.getPublicKey();
    const jwt = signed(this.#account, publicKey, { type: 'user', subs: -1, data: -1, payload: -1 });
    const credentials = `-----BEGIN NATS USER JWT-----
${jwt}
------END NATS USER JWT------

************************* IMPORTANT *************************
Whoever has this file is this user.

-----BEGIN USER NKEY SEED-----
${seedOf(user)}
------END USER NKEY SEED------
`;
    return { credentials, publicKey };
  }
}

/** A new key pair of a user. */
export function newKey(): { seed: string; publicKey: string } {
  const user = nkeys.createUser();
  return { seed: seedOf(user), publicKey: user.getPublicKey() };
}

function seedOf(pair: KeyPair): string {
  return Buffer.from(pair.getSeed()).toString('latin1');
}

/** A JWT that says `claims` of whoever has the key `subject`. */
function signed(issuer: KeyPair, subject: string, claims: object): string {
  const header = { typ: 'JWT', alg: 'ed25519-nkey' };
  const issuedAt = Math.floor(Date.now() / 1000);
  const body = {
    jti: subject,
    iat: issuedAt,
    iss: issuer.getPublicKey(),
    sub: subject,
    nats: { ...claims, version: 2 },
  };
  const text = [header, body]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${Buffer.from(issuer.sign(Buffer.from(text))).toString('base64url')}`;
}

import { createHash, timingSafeEqual } from 'node:crypto';

/** The word that a cluster shares (`cluster.secretKey`), as the side that is asked for entry keeps it. */
export class SecretKey {
  readonly #digest: Buffer;

  constructor(key: string) {
    this.#digest = digest(key);
  }

  /** Takes the same time whatever the candidate: neither how much of it is right nor the key's length shows. */
  matches(candidate: string): boolean {
    return timingSafeEqual(digest(candidate), this.#digest);
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

import { Buffer } from 'node:buffer';
import { encodeClientState } from '../wire/client-state.js';
import { mergePhpSession, patchPhpSession, toPhpSession } from '../wire/php-session.js';
import {
  type Session,
  type SessionPatch,
  decodeSession,
  isPhpSession,
  mergeSession,
  patchSession,
  sessionJson,
} from '../wire/session.js';

const EMPTY = Buffer.alloc(0);

/**
 * A client's session and what travels with it in every event. Kept as the bytes that whoever set it sent (wire/session.ts),
 * and as an object only from the first change on, so that a session that is only carried along is never parsed. One that
 * PHP has a hand in is in PHP's format from then on, and never an object here.
 */
export class SessionState {
  #epoch = 0;
  #applied = 0;
  #bytes: Buffer | undefined = EMPTY;
  #value: Session | undefined;
  /** The session in PHP's format, once somebody has asked for it. */
  #phpBytes: Buffer | undefined;
  #ext: Buffer | undefined;

  /** How often it was replaced as a whole. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The session as stored; empty when it was never set. */
  get bytes(): Buffer {
    if (this.#bytes === undefined) this.#bytes = sessionJson(this.#value as Session);
    return this.#bytes;
  }

  /** The session as PHP reads it; empty when it was never set. @throws GW_SESSION, GW_SERIALIZE when PHP cannot hold it */
  get phpBytes(): Buffer {
    this.#phpBytes ??= toPhpSession(this.bytes);
    return this.#phpBytes;
  }

  /** Replaces the session. Patches made against the one before are void from now on. */
  replace(bytes: Buffer): void {
    this.#store(bytes);
    this.#epoch = (this.#epoch + 1) >>> 0;
  }

  /**
   * Merges recursively, as GatewayWorker's updateSession.
   *
   * @throws GW_SESSION, GW_SERIALIZE when one of the two cannot be read: nothing has changed then
   */
  merge(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (!isPhpSession(bytes) && !this.#isPhp) {
      this.#change((session) => mergeSession(session, decodeSession(bytes)));
    } else if (this.bytes.length === 0) {
      this.#store(Buffer.from(bytes));
    } else {
      this.#store(mergePhpSession(this.phpBytes, toPhpSession(bytes)));
    }
  }

  /** Applies what a handler changed, unless the session was replaced since the handler read it. @throws as {@link merge} */
  patch(patch: SessionPatch, epoch: number): void {
    if (epoch !== this.#epoch) return;
    if (this.#isPhp || patch.php === true) this.#store(patchPhpSession(this.phpBytes, patch));
    else this.#change((session) => patchSession(session, patch));
  }

  /** Counts a change that came from the client's own worker (see wire/client-state.ts). */
  countApplied(): void {
    this.#applied = (this.#applied + 1) >>> 0;
    this.#ext = undefined;
  }

  /** The uid changed: what travels with events is to be made anew. */
  touch(): void {
    this.#ext = undefined;
  }

  /** The client's state as ext_data. */
  ext(address: string, uid: string): Buffer {
    this.#ext ??= encodeClientState({
      epoch: this.#epoch,
      applied: this.#applied,
      address,
      uid,
      session: this.bytes,
    });
    return this.#ext;
  }

  get #isPhp(): boolean {
    return this.#bytes !== undefined && isPhpSession(this.#bytes);
  }

  #store(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#value = undefined;
    this.#phpBytes = undefined;
    this.#ext = undefined;
  }

  #change(change: (session: Session) => Session): void {
    this.#value = change(this.#value ?? decodeSession(this.#bytes ?? EMPTY));
    this.#bytes = undefined;
    this.#phpBytes = undefined;
    this.#ext = undefined;
  }
}

import { encodeClientState } from '../wire/client-state.js';
import {
  type Session,
  type SessionPatch,
  decodeSession,
  encodeSession,
  mergeSession,
  patchSession,
} from '../wire/session.js';

const EMPTY = Buffer.alloc(0);

/**
 * A client's session and what travels with it in every event. Kept as the bytes that go out, and as an object only from
 * the first change on, so that a session that is only carried along is never parsed.
 */
export class SessionState {
  #epoch = 0;
  #applied = 0;
  #bytes: Buffer | undefined = EMPTY;
  #value: Session | undefined;
  #ext: Buffer | undefined;

  /** How often it was replaced as a whole. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The session as stored; empty when it was never set. */
  get bytes(): Buffer {
    if (this.#bytes === undefined) this.#bytes = encodeSession(this.#value as Session);
    return this.#bytes;
  }

  /** Replaces the session. Patches made against the one before are void from now on. */
  replace(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#value = undefined;
    this.#epoch = (this.#epoch + 1) >>> 0;
    this.#ext = undefined;
  }

  /** Merges recursively, as GatewayWorker's updateSession. */
  merge(bytes: Buffer): void {
    this.#change((session) => mergeSession(session, decodeSession(bytes)));
  }

  /** Applies what a handler changed, unless the session was replaced since the handler read it. */
  patch(patch: SessionPatch, epoch: number): void {
    if (epoch !== this.#epoch) return;
    this.#change((session) => patchSession(session, patch));
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

  #change(change: (session: Session) => Session): void {
    this.#value = change(this.#value ?? decodeSession(this.#bytes ?? EMPTY));
    this.#bytes = undefined;
    this.#ext = undefined;
  }
}

import { Buffer } from 'node:buffer';
import type { ClientChange } from '../api/transport.js';
import { GatewayError } from '../base/errors.js';
import { type ClientState, NO_STATE, decodeClientState } from '../wire/client-state.js';
import { Command, Flag } from '../wire/command.js';
import type { ReceivedFrame } from '../wire/frame.js';
import { isPlainObject, plainCopy } from '../wire/session-value.js';
import {
  type Session,
  type SessionPatch,
  decodeSession,
  encodePatch,
  isPhpSession,
  mergeSession,
} from '../wire/session.js';
import { type SentChange, replay } from './sent-change.js';
import { WorkingSession, unstorable } from './working-session.js';

/** What a handler has changed in its client's session, as the client's gateway takes it. */
export interface SessionChange {
  readonly command: number;
  readonly ext: string | Buffer;
  readonly epoch: number;
  readonly flags: number;
}

/** Shared by all views that have none of their own: most clients are idle. */
const NOTHING = NO_STATE.session;
const NO_CHANGES: SentChange[] = [];
/** Bytes up to which a loop takes less time than the call into C++ behind Buffer.compare. */
const SHORT = 128;

/**
 * A worker's view of its client's uid and session. Events that are waiting were sent before the gateway had the changes
 * that this worker made since, so the view is what came with the event, and on top of it the worker's own changes that
 * the gateway had not applied when it sent the event. Nobody's update is lost, however deep the pipeline is.
 */
export class SessionView {
  #epoch = 0;
  #address = '';
  #uid = '';
  #bytes: Buffer = NOTHING;
  /** The ext_data of the event that said so. */
  #ext: Buffer = NOTHING;
  /** Changes sent so far, counted as the gateway counts them: modulo 2^32. */
  #sent = 0;
  #known = false;
  /** The changes that the gateway may not have applied, oldest first; the last one is number #sent. */
  #pending = NO_CHANGES;
  /** The session as the handler sees and changes it, once it has asked for it. */
  #working: WorkingSession | undefined;

  get address(): string {
    return this.#address;
  }

  get uid(): string {
    return this.#uid;
  }

  /** Takes in what the gateway sent with an event: nearly always the same as with the one before. */
  receiveWith(event: ReceivedFrame): void {
    if ((event.flags & Flag.STATE) === 0) {
      this.receive(stateless(event));
    } else if (!hasExt(event, this.#ext)) {
      const ext = Buffer.from(event.ext);
      this.receive(decodeClientState(ext));
      this.#ext = ext;
    }
  }

  /** Takes in what the gateway says. @param state its bytes are this view's from now on */
  receive(state: ClientState): void {
    this.#ext = NOTHING;
    if (!this.#known) {
      this.#known = true;
      this.#sent = state.applied;
    }
    const unapplied = (this.#sent - state.applied) >>> 0;
    // older than what is known: the event waited while another thread had the client, and the gateway was asked since
    if (unapplied > this.#pending.length) return;
    const unchanged =
      unapplied === this.#pending.length && state.epoch === this.#epoch && state.session.equals(this.#bytes);
    if (unapplied === 0) this.#pending = NO_CHANGES;
    else if (this.#pending.length > unapplied) this.#pending = this.#pending.slice(-unapplied);
    this.#epoch = state.epoch;
    this.#address = state.address;
    this.#uid = state.uid;
    for (const change of this.#pending) if (change.kind === 'uid') this.#uid = change.uid;
    if (unchanged) return;
    this.#bytes = state.session.length === 0 ? NOTHING : state.session;
    this.#working = undefined;
  }

  /** The session, to be read and changed. */
  get session(): Session {
    this.#working ??= new WorkingSession(
      replay(this.#pending, decodeSession(this.#bytes), this.#epoch),
      this.php,
    );
    return this.#working.value;
  }

  /** Replaces the session as a whole; {@link takePatch} finds the difference. */
  set session(session: Session) {
    if (!isPlainObject(session)) {
      throw new GatewayError(
        'GW_SESSION',
        `client.session was set to ${describe(session)}; expected a plain object, {} to empty it.`,
      );
    }
    void this.session;
    (this.#working as WorkingSession).value = session;
  }

  /**
   * What the handler has changed since this was last asked; undefined when nothing. To be sent, since the view counts on
   * it.
   *
   * @throws GW_SESSION as {@link takePatch}
   */
  takeChange(): SessionChange | undefined {
    const change = this.takePatch();
    if (change === undefined) return undefined;
    const { patch, epoch } = change;
    return { command: Command.PATCH_SESSION, ext: encodePatch(patch), epoch, flags: Flag.COUNTED };
  }

  /**
   * What the handler has changed since this was last asked, and the epoch of the session that it changed; undefined when
   * nothing. To be sent, since the view counts on it.
   *
   * @throws GW_SESSION when it put something into the session that cannot be stored: that key is set back, so that the
   *   next call has the rest
   */
  takePatch(): { readonly patch: SessionPatch; readonly epoch: number } | undefined {
    const working = this.#working;
    if (working === undefined) return undefined;
    const patch = working.takePatch(this.#keys(working), this.php);
    if (patch === undefined) return undefined;
    const sets = this.#pending.filter(({ kind }) => kind === 'set').length;
    const change = { kind: 'patch', patch, epoch: (this.#epoch + sets) >>> 0 } as const;
    this.#push(change);
    return change;
  }

  /** A call is about to send this change. @returns flags for the frame that makes it */
  change(change: ClientChange): number {
    if (change.kind === 'uid') {
      this.#uid = change.uid;
      this.#push(change);
      return Flag.COUNTED;
    }
    const session = plainCopy(change.session);
    if (this.#working !== undefined) {
      const { value } = this.#working;
      const changed = change.kind === 'set' ? plainCopy(session) : mergeSession(value, plainCopy(session));
      this.#working = new WorkingSession(changed, this.php);
    }
    this.#push({ kind: change.kind, session });
    return Flag.COUNTED;
  }

  /** Forgets what the handler has changed since it was last sent. */
  dropChanges(): void {
    this.#working = undefined;
  }

  /** Whether the session is in PHP's format, which can hold more than JSON. */
  protected get php(): boolean {
    return isPhpSession(this.#bytes);
  }

  #keys({ value }: WorkingSession): string[] {
    try {
      return Object.keys(value);
    } catch (error) {
      this.dropChanges();
      throw unstorable('client.session', error);
    }
  }

  #push(change: SentChange): void {
    if (this.#pending === NO_CHANGES) this.#pending = [change];
    else this.#pending.push(change);
    this.#sent = (this.#sent + 1) >>> 0;
  }
}

/** The state that comes with an event that says nothing of it: a PHP gateway sends the session only. */
function stateless(event: ReceivedFrame): ClientState {
  return event.extStart === event.bodyStart ? NO_STATE : { ...NO_STATE, session: Buffer.from(event.ext) };
}

function hasExt({ bytes, extStart, bodyStart }: ReceivedFrame, ext: Buffer): boolean {
  const { length } = ext;
  if (length !== bodyStart - extStart) return false;
  if (length > SHORT) return ext.compare(bytes, extStart, bodyStart) === 0;
  for (let index = 0; index < length; index++) if (ext[index] !== bytes[extStart + index]) return false;
  return true;
}

function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? 'an array' : 'an object that a class has made';
}

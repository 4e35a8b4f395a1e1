import { Buffer } from 'node:buffer';
import type { ClientChange } from '../api/transport.js';
import { GatewayError } from '../errors.js';
import { type ClientState, NO_STATE, decodeClientState } from '../wire/client-state.js';
import { Flag } from '../wire/command.js';
import type { ReceivedFrame } from '../wire/frame.js';
import { refuseDeep } from '../wire/session-depth.js';
import {
  type Session,
  type SessionPatch,
  decodeSession,
  mergeSession,
  patchSession,
  setOwn,
} from '../wire/session.js';

/** A change on its way to the gateway. */
type Change = ClientChange | { readonly kind: 'patch'; readonly patch: SessionPatch; readonly epoch: number };

/** Shared by all views that have none of their own: most clients are idle. */
const NOTHING = NO_STATE.session;
const NO_CHANGES: Change[] = [];
const NO_TEXTS: ReadonlyMap<string, string | undefined> = new Map();
/** Bytes up to which a loop takes less time than the call into C++ behind Buffer.compare. */
const SHORT = 128;
/** Stands for the text of a key that is not there. */
const ABSENT = undefined;

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
  #value: Session | undefined;
  /** The JSON text of each of its keys when it was read or last sent: what differs now was changed. */
  #texts = NO_TEXTS;

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
    this.#value = undefined;
  }

  /** The session, to be read and changed. */
  get session(): Session {
    if (this.#value === undefined) this.#see(this.#replay());
    return this.#value as Session;
  }

  /** Replaces the session as a whole; {@link takePatch} finds the difference. */
  set session(session: Session) {
    if (typeof session !== 'object' || session === null || Array.isArray(session)) {
      throw new GatewayError(
        'GW_SESSION',
        `client.session was set to ${Array.isArray(session) ? 'an array' : String(session)}; expected a plain object, {} to empty it.`,
      );
    }
    void this.session;
    this.#value = session;
  }

  /**
   * What the handler has changed since this was last asked, and the epoch of the session that it changed; undefined when
   * nothing. To be sent, since the view counts on it.
   *
   * @throws GW_SESSION when it put something into the session that JSON cannot hold: that key is set back, so that the
   *   next call has the rest
   */
  takePatch(): { readonly patch: SessionPatch; readonly epoch: number } | undefined {
    if (this.#value === undefined) return undefined;
    // everything is turned into text before anything counts as sent: one value that cannot be loses no other
    const texts = new Map<string, string | undefined>();
    for (const key of Object.keys(this.#value)) {
      try {
        texts.set(key, textOf(key, this.#value[key]));
      } catch (error) {
        this.#setBack(key);
        throw error;
      }
    }
    const set: Session = {};
    const deleted: string[] = [];
    for (const [key, text] of texts) {
      if (text !== ABSENT && text !== this.#texts.get(key)) setOwn(set, key, JSON.parse(text));
    }
    for (const [key, text] of this.#texts) {
      if (text !== ABSENT && texts.get(key) === ABSENT) deleted.push(key);
    }
    this.#texts = texts;
    if (deleted.length === 0 && Object.keys(set).length === 0) return undefined;
    const sets = this.#pending.filter(({ kind }) => kind === 'set').length;
    const change = {
      kind: 'patch',
      patch: { set, delete: deleted },
      epoch: (this.#epoch + sets) >>> 0,
    } as const;
    this.#push(change);
    return change;
  }

  /** A call is about to send this change. */
  change(change: ClientChange): void {
    if (change.kind === 'uid') {
      this.#uid = change.uid;
      this.#push(change);
      return;
    }
    const session = copyOf(change.session);
    if (this.#value !== undefined) {
      this.#see(change.kind === 'set' ? copyOf(session) : mergeSession(this.#value, copyOf(session)));
    }
    this.#push({ kind: change.kind, session });
  }

  /** Gives a key the value back that it had when it was read or last sent. */
  #setBack(key: string): void {
    const session = this.#value as Session;
    delete session[key];
    const text = this.#texts.get(key);
    if (text !== ABSENT) setOwn(session, key, JSON.parse(text));
  }

  #push(change: Change): void {
    if (this.#pending === NO_CHANGES) this.#pending = [change];
    else this.#pending.push(change);
    this.#sent = (this.#sent + 1) >>> 0;
  }

  /** The session that came with the event, and what is on its way to it, as the gateway will apply it. */
  #replay(): Session {
    let session = decodeSession(this.#bytes);
    let epoch = this.#epoch;
    for (const change of this.#pending) {
      if (change.kind === 'set') {
        session = copyOf(change.session);
        epoch = (epoch + 1) >>> 0;
      } else if (change.kind === 'update') {
        session = mergeSession(session, copyOf(change.session));
      } else if (change.kind === 'patch' && change.epoch === epoch) {
        session = patchSession(session, copyOf(change.patch));
      }
    }
    return session;
  }

  #see(session: Session): void {
    this.#value = session;
    const texts = new Map<string, string | undefined>();
    for (const key of Object.keys(session)) texts.set(key, JSON.stringify(session[key]));
    this.#texts = texts;
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

/** A copy that JSON can hold, so that what somebody does to the original later is not taken for a change. */
function copyOf<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function textOf(key: string, value: unknown): string | undefined {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new GatewayError(
      'GW_SESSION',
      `client.session.${key} cannot be stored as JSON (${(cause as Error).message}); keep plain values, arrays and objects in it.`,
      { cause },
    );
  }
  // the session around it is a level, too, and its braces are two characters
  if (text !== undefined) refuseDeep(`client.session.${key}`, { [key]: value }, text.length + 2);
  return text;
}

import { Buffer } from 'node:buffer';
import { types } from 'node:util';
import type { ClientChange } from '../api/transport.js';
import { GatewayError } from '../base/errors.js';
import { type ClientState, NO_STATE, decodeClientState } from '../wire/client-state.js';
import { Flag } from '../wire/command.js';
import type { ReceivedFrame } from '../wire/frame.js';
import { type PhpValue, serialize, toPlain, unserialize } from '../wire/php-serialize.js';
import { fitsJson, isPlainObject, plainCopy, setOwn } from '../wire/session-value.js';
import {
  type Session,
  type SessionPatch,
  decodeSession,
  isPhpSession,
  mergeSession,
  patchSession,
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
/** Begins the text of a value that JSON cannot hold, which is PHP's: no JSON begins so. */
const PHP_TEXT = '\0';

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
  /** The text of each of its keys, JSON where it can be, when it was read or last sent: what differs now was changed. */
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
    if (!isPlainObject(session)) {
      throw new GatewayError(
        'GW_SESSION',
        `client.session was set to ${describe(session)}; expected a plain object, {} to empty it.`,
      );
    }
    void this.session;
    this.#value = session;
  }

  /**
   * What the handler has changed since this was last asked, and the epoch of the session that it changed; undefined when
   * nothing. To be sent, since the view counts on it.
   *
   * @throws GW_SESSION when it put something into the session that cannot be stored: that key is set back, so that the
   *   next call has the rest
   */
  takePatch(): { readonly patch: SessionPatch; readonly epoch: number } | undefined {
    if (this.#value === undefined) return undefined;
    const session = this.#value;
    // everything is turned into text before anything counts as sent: one value that cannot be loses no other
    const texts = new Map<string, string | undefined>();
    for (const key of this.#keys(session)) {
      try {
        texts.set(key, textOf(key, session[key], this.php));
      } catch (error) {
        this.#setBack(key);
        throw refusal(`client.session.${key}`, error);
      }
    }
    const set: Session = {};
    let { php } = this;
    for (const [key, text] of texts) {
      if (text === ABSENT || text === this.#texts.get(key)) continue;
      setOwn(set, key, valueOf(text));
      if (text[0] === PHP_TEXT) php = true;
    }
    const deleted: string[] = [];
    for (const [key, text] of this.#texts) {
      if (text !== ABSENT && texts.get(key) === ABSENT) deleted.push(key);
    }
    this.#texts = texts;
    if (deleted.length === 0 && Object.keys(set).length === 0) return undefined;
    const sets = this.#pending.filter(({ kind }) => kind === 'set').length;
    const change = {
      kind: 'patch',
      patch: { set, delete: deleted, ...(php && { php }) },
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
    const session = plainCopy(change.session);
    if (this.#value !== undefined) {
      this.#see(change.kind === 'set' ? plainCopy(session) : mergeSession(this.#value, plainCopy(session)));
    }
    this.#push({ kind: change.kind, session });
  }

  /** Forgets what the handler has changed since it was last sent. */
  dropChanges(): void {
    this.#value = undefined;
  }

  /** Whether the session is in PHP's format, which can hold more than JSON. */
  protected get php(): boolean {
    return isPhpSession(this.#bytes);
  }

  #keys(session: Session): string[] {
    try {
      return Object.keys(session);
    } catch (error) {
      this.dropChanges();
      throw refusal('client.session', error);
    }
  }

  /** Gives a key the value back that it had when it was read or last sent. */
  #setBack(key: string): void {
    const session = this.#value as Session;
    const text = this.#texts.get(key);
    if (putBack(session, key, text)) return;
    // one that cannot be changed, or that only says that it was: from now on there is another one in its place
    const copy: Session = {};
    for (const other of Object.keys(session)) {
      if (other !== key) copyKey(session, copy, other, this.#texts.get(other));
    }
    if (text !== ABSENT) setOwn(copy, key, valueOf(text));
    this.#value = copy;
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
        session = plainCopy(change.session);
        epoch = (epoch + 1) >>> 0;
      } else if (change.kind === 'update') {
        session = mergeSession(session, plainCopy(change.session));
      } else if (change.kind === 'patch' && change.epoch === epoch) {
        session = patchSession(session, { ...change.patch, set: plainCopy(change.patch.set) });
      }
    }
    return session;
  }

  #see(session: Session): void {
    this.#value = session;
    const texts = new Map<string, string | undefined>();
    const { php } = this;
    for (const key of Object.keys(session)) texts.set(key, seenText(key, session[key], php));
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

/** The text of a value out of a session: it can be stored. */
function seenText(key: string, value: unknown, php: boolean): string | undefined {
  if (php) return textOf(key, value, php);
  try {
    return JSON.stringify(value);
  } catch {
    return textOf(key, value, php);
  }
}

/** The text of a value that a handler may have put into a session. @throws GW_SESSION when no session can hold it */
function textOf(key: string, value: unknown, php: boolean): string | undefined {
  if (value === undefined) return ABSENT;
  if (fitsJson('client.session', value, php, key)) return JSON.stringify(value);
  return PHP_TEXT + serialize(plainCopy(value) as PhpValue).toString('latin1');
}

function valueOf(text: string): unknown {
  return text[0] === PHP_TEXT ? toPlain(unserialize(Buffer.from(text.slice(1), 'latin1'))) : JSON.parse(text);
}

/** @returns whether the key surely has its value again, or is surely gone */
function putBack(session: Session, key: string, text: string | undefined): boolean {
  if (types.isProxy(session) || !Reflect.deleteProperty(session, key)) return false;
  if (text === ABSENT) return true;
  return Reflect.defineProperty(session, key, {
    value: valueOf(text),
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

function copyKey(from: Session, to: Session, key: string, text: string | undefined): void {
  try {
    setOwn(to, key, from[key]);
  } catch {
    if (text !== ABSENT) setOwn(to, key, valueOf(text));
  }
}

/** What a getter or a proxy throws can be anything. */
function refusal(what: string, error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  return new GatewayError(
    'GW_SESSION',
    `${what} cannot be stored, since reading it failed (${error instanceof Error ? error.message : typeof error}); keep plain values, arrays and objects in a session.`,
    { cause: error },
  );
}

function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? 'an array' : 'an object that a class has made';
}

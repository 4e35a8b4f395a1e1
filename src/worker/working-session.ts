import { types } from 'node:util';
import { GatewayError } from '../base/errors.js';
import { setOwn } from '../wire/session-value.js';
import type { Session, SessionPatch } from '../wire/session.js';
import { ABSENT, type SessionTexts, isPhpText, storedTexts, textOf, valueOf } from './session-text.js';

/** A session as handlers see and change it, and what is needed to find out what they have changed. */
export class WorkingSession {
  /** What handlers have. They may also put another one in its place. */
  value: Session;
  /** The texts of its keys when it was read or last sent: what differs now was changed. */
  #texts: SessionTexts;

  /** @param php whether the stored session is in PHP's format */
  constructor(stored: Session, php: boolean) {
    this.value = stored;
    this.#texts = storedTexts(stored, php);
  }

  /**
   * What has been changed since this was last asked; undefined when nothing.
   *
   * @param php whether the stored session is in PHP's format, which can hold more than JSON
   * @throws GW_SESSION for a value that cannot be stored: its key is set back, so that the next call has the rest
   */
  takePatch(keys: readonly string[], php: boolean): SessionPatch | undefined {
    const session = this.value;
    // everything is turned into text before anything counts as sent: one value that cannot be loses no other
    const texts = new Map<string, string | undefined>();
    for (const key of keys) {
      try {
        texts.set(key, textOf(key, session[key], php));
      } catch (error) {
        this.#setBack(key);
        throw unstorable(`client.session.${key}`, error);
      }
    }
    const set: Session = {};
    let asPhp = php;
    for (const [key, text] of texts) {
      if (text === ABSENT || text === this.#texts.get(key)) continue;
      setOwn(set, key, valueOf(text));
      if (isPhpText(text)) asPhp = true;
    }
    const deleted: string[] = [];
    for (const [key, text] of this.#texts) {
      if (text !== ABSENT && texts.get(key) === ABSENT) deleted.push(key);
    }
    this.#texts = texts;
    if (deleted.length === 0 && Object.keys(set).length === 0) return undefined;
    return { set, delete: deleted, ...(asPhp && { php: true }) };
  }

  /** Gives a key the value back that it had when it was read or last sent. */
  #setBack(key: string): void {
    const text = this.#texts.get(key);
    if (putBack(this.value, key, text)) return;
    // one that cannot be changed, or that only says that it was: from now on there is another one in its place
    const copy: Session = {};
    for (const other of Object.keys(this.value)) {
      if (other !== key) copyKey(this.value, copy, other, this.#texts.get(other));
    }
    if (text !== ABSENT) setOwn(copy, key, valueOf(text));
    this.value = copy;
  }
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
export function unstorable(what: string, error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  return new GatewayError(
    'GW_SESSION',
    `${what} cannot be stored, since reading it failed (${error instanceof Error ? error.message : typeof error}); keep plain values, arrays and objects in a session.`,
    { cause: error },
  );
}

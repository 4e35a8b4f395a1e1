import { Command } from '../wire/command.js';
import type { ReceivedFrame } from '../wire/frame.js';
import { decodeHandshakeAnswer } from '../wire/handshake-answer.js';
import { NameHash, type NameKind } from '../wire/name-hash.js';

/** Whether a command may give a client a uid or a group. */
export function givesNames(command: number): boolean {
  return (
    command === Command.BIND_UID || command === Command.JOIN_GROUP || command === Command.HANDSHAKE_ANSWER
  );
}

/** Names that a worker itself has given to clients of a gateway. Errs only by having too many. */
export class NameMarks {
  readonly #names = new Set<number>();
  readonly #hash = new NameHash();
  #everything = false;

  get empty(): boolean {
    return !this.#everything && this.#names.size === 0;
  }

  /** From now on, it has every name. */
  addEverything(): void {
    this.#everything = true;
    this.#names.clear();
  }

  /** Adds those that a command gives a client: one that {@link givesNames}. */
  addOf(frame: ReceivedFrame): void {
    const { command, bytes, extStart, bodyStart } = frame;
    if (this.#everything) return;
    if (command === Command.HANDSHAKE_ANSWER) this.#addGranted(frame);
    else
      this.#add(
        this.#hash.ofBytes(command === Command.BIND_UID ? 'uid' : 'group', bytes, extStart, bodyStart),
      );
  }

  /** @param hashes as {@link SendNames.hashes} */
  hasAny(hashes: readonly number[]): boolean {
    if (this.#everything) return true;
    for (let index = 0; index < hashes.length; index += 2) if (this.#names.has(hashes[index])) return true;
    return false;
  }

  #addGranted(frame: ReceivedFrame): void {
    const answer = decodeHandshakeAnswer(frame.ext, frame.bodyText());
    if (!('grant' in answer)) return;
    const { uid, groups = [] } = answer.grant;
    if (uid !== undefined) this.#addName('uid', uid);
    for (const group of groups) this.#addName('group', group);
  }

  #addName(kind: NameKind, name: string): void {
    this.#add(this.#hash.of(kind, name));
  }

  #add({ first }: NameHash): void {
    this.#names.add(first);
  }
}

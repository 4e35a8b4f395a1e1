import { Command } from '../wire/command.js';
import type { ReceivedFrame } from '../wire/frame.js';
import { NameHash, type NameKind } from '../wire/name-hash.js';

/** How what comes before the first name is written, by `api/send-calls.ts`. */
const BEFORE_UID = Buffer.from('["');
const BEFORE_GROUP = Buffer.from('{"group":["');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LIST_END = 0x5d;

/** The uids or groups that a worker's send is for, as hashes: two numbers each, one behind the other. */
export class SendNames {
  /** Of the frame that was read last. */
  readonly hashes: number[] = [];
  readonly #hash = new NameHash();

  /** Reads a frame's. @returns whether it is for the clients of certain names only */
  read(frame: ReceivedFrame): boolean {
    this.hashes.length = 0;
    switch (frame.command) {
      case Command.SEND_TO_UID:
        return this.#readSole('uid', BEFORE_UID, frame) || this.#readAll('uid', json(frame));
      case Command.SEND_TO_GROUP:
        return this.#readSole('group', BEFORE_GROUP, frame) || this.#readAll('group', groupsOf(json(frame)));
      default:
        return false;
    }
  }

  /** Most sends have one name, and none in it that JSON escapes: it lies there as it is. */
  #readSole(kind: NameKind, before: Buffer, { bytes, extStart, bodyStart }: ReceivedFrame): boolean {
    const start = extStart + before.length;
    if (bodyStart < start + 2 || before.compare(bytes, extStart, start) !== 0) return false;
    let end = start;
    while (end < bodyStart && bytes[end] !== QUOTE && bytes[end] !== BACKSLASH) end++;
    if (bytes[end] !== QUOTE || bytes[end + 1] !== LIST_END) return false;
    this.#add(this.#hash.ofBytes(kind, bytes, start, end));
    return true;
  }

  #readAll(kind: NameKind, names: unknown): boolean {
    if (!Array.isArray(names)) return false;
    for (const name of names) {
      if (typeof name !== 'string') return false;
      this.#add(this.#hash.of(kind, name));
    }
    return true;
  }

  #add({ first, second }: NameHash): void {
    this.hashes.push(first, second);
  }
}

function json(frame: ReceivedFrame): unknown {
  try {
    return JSON.parse(frame.extText());
  } catch {
    // the gateways say what is wrong with it
    return undefined;
  }
}

function groupsOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'group' in value ? value.group : undefined;
}

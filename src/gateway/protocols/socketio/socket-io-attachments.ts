import { Buffer } from 'node:buffer';
import { packNamed } from '../../../wire/named-bytes.js';

/** Bytes that an attachment counts beside its own: it is an object, whatever it holds. */
const OVERHEAD = 64;

/** A packet whose attachments are coming, one message each. */
export class Attachments {
  readonly namespace: string;
  /** The named message (wire/named-message.ts). */
  readonly #text: string;
  readonly #count: number;
  readonly #maxPackageSize: number;
  readonly #parts: Buffer[] = [];
  #length: number;

  /** @param maxPackageSize bytes that all of it may have */
  constructor(namespace: string, text: Buffer, count: number, maxPackageSize: number) {
    this.namespace = namespace;
    this.#text = text.toString();
    this.#count = count;
    this.#maxPackageSize = maxPackageSize;
    this.#length = text.length;
  }

  get complete(): boolean {
    return this.#parts.length === this.#count;
  }

  /** @returns whether all that has come is not too long */
  add(part: Buffer): boolean {
    this.#length += part.length + OVERHEAD;
    if (this.#length > this.#maxPackageSize) return false;
    this.#parts.push(Buffer.from(part));
    return true;
  }

  /** As wire/named-bytes.ts has it. */
  packed(): Buffer {
    return packNamed(this.#text, this.#parts);
  }
}

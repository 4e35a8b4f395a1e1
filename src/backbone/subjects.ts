import { NameHash, type NameKind } from '../wire/name-hash.js';

/*
 * The subjects on NATS, below the prefix P of `cluster.backbone`:
 *
 *    P.node.hello           nodes: who is there
 *    P.node.all             nodes: frames for every node
 *    P.node.name.<bucket>   nodes: frames for one uid or group, to those nodes that have clients of any name in its bucket
 *    P.node.to.<instance>   nodes: frames for one node: commands and queries for clients that it holds, and answers
 *    P.all                  other programs: a message for every client
 *    P.group.<name>         other programs: a message for a group
 *    P.uid.<uid>            other programs: a message for a uid
 *    P.events.<event>       nodes: connect, close and message of their clients, for whoever wants to know
 *
 * So a node publishes and subscribes to P.node.>, subscribes to P.all, P.group.* and P.uid.*, and publishes to P.events.*.
 */

/**
 * How many subjects all names share: the same on every node, as a name's bucket has to be. A power of two. A node of ten
 * thousand clients follows about as many however many there are; with fewer, more of what it gets is for names of others
 * (docs/capacity.md).
 */
export const BUCKETS = 2 ** 20;

export class Subjects {
  readonly hello: string;
  readonly everyNode: string;
  /** Of other programs. */
  readonly all: string;
  readonly anyGroup: string;
  readonly anyUid: string;
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
    this.hello = `${prefix}.node.hello`;
    this.everyNode = `${prefix}.node.all`;
    this.all = `${prefix}.all`;
    this.anyGroup = `${prefix}.group.*`;
    this.anyUid = `${prefix}.uid.*`;
  }

  bucket(bucket: number): string {
    return `${this.#prefix}.node.name.${bucket}`;
  }

  /** @param instance of a run of a node */
  node(instance: string): string {
    return `${this.#prefix}.node.to.${instance}`;
  }

  events(event: string): string {
    return `${this.#prefix}.events.${event}`;
  }
}

/**
 * A name as the last part of a subject: UTF-8, with everything but letters, digits, `_` and `-` as %XX, since dots, spaces and
 * stars mean something there.
 */
export function encodeName(name: string): string {
  return encodeURIComponent(name).replace(/[.!~*'()]/g, percent);
}

/** The name that a subject ends with; undefined when it is none: empty, or no UTF-8. */
export function decodeName(subject: string): string | undefined {
  const encoded = subject.slice(subject.lastIndexOf('.') + 1);
  try {
    return decodeURIComponent(encoded) || undefined;
  } catch {
    return undefined;
  }
}

const hash = new NameHash();

/** Which of the {@link BUCKETS} a name is in. */
export function bucketOf(kind: NameKind, name: string): number {
  return bucketOfHash(hash.of(kind, name).first);
}

/** The same, by a name's first number: see NameHash. */
export function bucketOfHash(first: number): number {
  return first & (BUCKETS - 1);
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

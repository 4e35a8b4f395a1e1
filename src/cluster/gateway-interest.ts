import { InterestWord, applyChanges, bitmapOf, hasName, interestWord, reaches } from '../wire/interest.js';
import { GatewayError } from '../base/errors.js';
import type { ReceivedFrame } from '../wire/frame.js';
import { NameMarks, givesNames } from './name-marks.js';

const FOLLOW = interestWord(InterestWord.FOLLOW);
const BARRIER = interestWord(InterestWord.BARRIER);

/**
 * What this process knows of one gateway's interest (wire/interest.ts), which all its links to that gateway share: one of
 * them follows. While it is not known, everything is sent there.
 */
export class GatewayInterest {
  readonly #links = new Set<LinkInterest>();
  #following: LinkInterest | undefined;
  /** Undefined while it is not known. */
  #bitmap: Buffer | undefined;
  #version = 0;
  /** How far it was when the gateway sent what came last over any of the links; undefined once it is as far here. */
  #least: number | undefined;

  /** Whether it has no links. */
  get unused(): boolean {
    return this.#links.size === 0;
  }

  /** A link to the gateway is up. @param wanted whether the interest is followed */
  add(link: LinkInterest, wanted: boolean): void {
    this.#links.add(link);
    if (wanted && this.#following === undefined) this.#follow(link);
  }

  /** It is no more: another one follows in its place. */
  delete(link: LinkInterest): void {
    this.#links.delete(link);
    if (this.#following !== link) return;
    this.#following = undefined;
    this.#bitmap = undefined;
    const [next] = this.#links;
    if (next !== undefined) this.#follow(next);
  }

  /** It is followed from now on. What its links have sent until now is not marked. */
  begin(): void {
    for (const link of this.#links) link.begin();
    const [first] = this.#links;
    if (first !== undefined && this.#following === undefined) this.#follow(first);
  }

  /** What the link that follows is told. @throws GW_FRAME */
  told(link: LinkInterest, frame: ReceivedFrame): void {
    if (link !== this.#following) return;
    if (frame.clientPort === InterestWord.SNAPSHOT) this.#bitmap = bitmapOf(frame);
    else if (this.#bitmap !== undefined) applyChanges(this.#bitmap, frame);
    this.#version = frame.clientIp;
  }

  /**
   * What comes next over a link may tell of what the interest has in this version: until it is as far, nothing is known, for
   * all slots, since one may tell another one.
   */
  expect(version: number): void {
    if (this.#least === undefined || reaches(version, this.#least)) this.#least = version;
  }

  /** Whether it is known, and at least this far. */
  reaches(version: number): boolean {
    return this.#bitmap !== undefined && reaches(this.#version, version);
  }

  /** Whether the gateway may have clients of one of these names. @param hashes as SendNames has them */
  hasAny(hashes: readonly number[]): boolean {
    if (this.#bitmap === undefined) return true;
    if (this.#least !== undefined) {
      if (!this.reaches(this.#least)) return true;
      this.#least = undefined;
    }
    for (let index = 0; index < hashes.length; index += 2) {
      if (hasName(this.#bitmap, hashes[index], hashes[index + 1])) return true;
    }
    return false;
  }

  #follow(link: LinkInterest): void {
    this.#following = link;
    // what it is told then has all that came before
    this.#least = undefined;
    link.send(FOLLOW);
  }
}

/**
 * One link's part in it: what its worker has done over this link counts for it at once, whether or not the word of that has
 * come over the link that follows. Names that it gives to clients are marked until a barrier behind them has come back, and
 * the interest is as far as that says. One barrier at most is on its way.
 */
export class LinkInterest {
  /** Sends a frame over the link. */
  readonly send: (frame: ReceivedFrame) => void;
  readonly #gateway: GatewayInterest;
  #marking: boolean;
  /** Given before the barrier that is on its way, and what the interest has to have reached so that they can go. */
  #marks = new NameMarks();
  #answer: number | undefined;
  /** Given behind it. */
  #later = new NameMarks();

  constructor(gateway: GatewayInterest, marking: boolean, send: (frame: ReceivedFrame) => void) {
    this.#gateway = gateway;
    this.#marking = marking;
    this.send = send;
  }

  /** From now on names are marked; what was sent before may have given any. */
  begin(): void {
    this.#marking = true;
    this.#marks.addEverything();
    this.send(BARRIER);
  }

  /** The link has sent a command. */
  sent(frame: ReceivedFrame): void {
    if (!this.#marking || !givesNames(frame.command)) return;
    this.#settle();
    if (!this.#marks.empty) {
      this.#later.addOf(frame);
      return;
    }
    this.#marks.addOf(frame);
    if (!this.#marks.empty) this.send(BARRIER);
  }

  /** An INTEREST frame has come. @throws GW_FRAME */
  received(frame: ReceivedFrame): void {
    const { clientPort: word, clientIp: version } = frame;
    switch (word) {
      case InterestWord.SNAPSHOT:
      case InterestWord.CHANGES:
        this.#gateway.told(this, frame);
        break;
      case InterestWord.VERSION:
        this.#gateway.expect(version);
        break;
      case InterestWord.BARRIER:
        this.#answer = version;
        break;
      default:
        throw new GatewayError('GW_FRAME', `It sent INTEREST ${word}, which no gateway sends.`);
    }
    this.#settle();
  }

  /** Whether the gateway may have clients of one of these names. @param hashes as SendNames has them */
  mayHave(hashes: readonly number[]): boolean {
    this.#settle();
    return this.#marks.hasAny(hashes) || this.#later.hasAny(hashes) || this.#gateway.hasAny(hashes);
  }

  /** Forgets the marks whose barrier is back, once the interest is as far. */
  #settle(): void {
    if (this.#answer === undefined || !this.#gateway.reaches(this.#answer)) return;
    this.#answer = undefined;
    this.#marks = this.#later;
    this.#later = new NameMarks();
    if (!this.#marks.empty) this.send(BARRIER);
  }
}

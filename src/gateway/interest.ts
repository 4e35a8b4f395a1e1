import type { Clock, Timer } from '../base/clock.js';
import { Slices } from '../base/slices.js';
import { InterestWord, changesBytes, interestBytes } from '../wire/interest.js';
import type { NameKind } from '../wire/name-hash.js';
import type { Directory } from './directory.js';
import type { DirectoryListener } from './directory-listener.js';
import { NameFilter } from './name-filter.js';

/** Milliseconds that what has gone may be told later: until then too much is sent here, and nothing too little. */
const LATER = 50;

/** A link to a worker of another node that knows of interests. */
export interface InterestLink {
  /** The version that its worker knows what comes next may be of; undefined while it knows none. */
  told: number | undefined;
  /** Sends a frame, encoded, and what was sent before it: at once, and not at the end of the turn. */
  sendNow(bytes: Buffer): void;
  /** Sends a frame with what else is sent in this turn. */
  send(bytes: Buffer): void;
}

/** A larger filter, while the directory is walked for it. */
interface Growth {
  readonly filter: NameFilter;
  /** Names that came since the walk began, which it would count once more. */
  readonly fresh: Readonly<Record<NameKind, Set<string>>>;
}

/**
 * Tells other nodes' workers which uids and groups this gateway has clients of, so that they send nothing for others here
 * (wire/interest.ts). Names that come are told once a turn, and before clients are written to; names that go, a little later.
 * Nothing is kept while nobody follows.
 */
export class Interest implements DirectoryListener {
  readonly #directory: Directory;
  readonly #clock: Clock;
  readonly #followers = new Set<InterestLink>();
  #filter: NameFilter | undefined;
  #growth: Growth | undefined;
  /** What has changed in the filter's bitmap, and followers have not been told. */
  #changes: number[] = [];
  /** Whether a name that has come is among it. */
  #urgent = false;
  #later: Timer | undefined;
  #version = 0;
  readonly #flush = (): void => this.flush();

  constructor(directory: Directory, clock: Clock) {
    this.#directory = directory;
    this.#clock = clock;
  }

  /** Tells everything over this link, and from now on what changes. */
  follow(link: InterestLink): void {
    this.#tellChanges();
    this.#followers.add(link);
    if (this.#filter !== undefined) this.#tell([link], this.#snapshot(this.#filter));
    else if (this.#growth === undefined) this.#begin();
  }

  /** The link is gone. */
  forget(link: InterestLink): void {
    if (!this.#followers.delete(link) || this.#followers.size > 0) return;
    this.#directory.listeners.delete(this);
    this.#filter = undefined;
    this.#growth = undefined;
    this.#forgetChanges();
  }

  /**
   * Tells followers of names that have come in this turn: before clients are written to, or others, who could tell
   * somebody at another node of it.
   */
  flush(): void {
    if (this.#urgent) this.#tellChanges();
  }

  /** Something goes out over a link, which may tell of names that have come. */
  before(link: InterestLink): void {
    if (this.#filter === undefined || link.told === this.#coming) return;
    link.told = this.#coming;
    link.send(interestBytes(InterestWord.VERSION, this.#coming));
  }

  /** Answers that everything which came over the link has been carried out. */
  passBarrier(link: InterestLink): void {
    link.send(interestBytes(InterestWord.BARRIER, this.#coming));
  }

  added(kind: NameKind, name: string): void {
    const { length } = this.#changes;
    this.#filter?.add(kind, name, this.#changes);
    if (!this.#urgent && this.#changes.length > length) {
      this.#urgent = true;
      queueMicrotask(this.#flush);
    }
    if (this.#growth !== undefined) {
      this.#growth.filter.add(kind, name);
      this.#growth.fresh[kind].add(name);
    } else if (this.#filter !== undefined && this.#directory.nameCount > this.#filter.room) {
      void this.#grow(this.#filter.room * 2);
    }
  }

  removed(kind: NameKind, name: string): void {
    this.#filter?.remove(kind, name, this.#changes);
    if (this.#changes.length > 0) this.#later ??= this.#clock.setTimeout(() => this.#tellChanges(), LATER);
    // whether the walk has met another one is not known: that may stay, and only has too much sent here
    if (this.#growth?.fresh[kind].delete(name) === true) this.#growth.filter.remove(kind, name);
  }

  /** The version that has what followers are to be told next. */
  get #coming(): number {
    return this.#urgent ? (this.#version + 1) >>> 0 : this.#version;
  }

  #begin(): void {
    this.#directory.listeners.add(this);
    void this.#grow(this.#directory.nameCount);
  }

  /** Fills a filter that is large enough with all names there are, a few milliseconds in a row, while the old one goes on. */
  async #grow(names: number): Promise<void> {
    const growth: Growth = { filter: new NameFilter(names), fresh: { uid: new Set(), group: new Set() } };
    this.#growth = growth;
    const slices = new Slices();
    for (const kind of ['uid', 'group'] as const) {
      for (const name of kind === 'uid' ? this.#directory.uids() : this.#directory.groups()) {
        if (slices.over) {
          await slices.rest();
          if (this.#growth !== growth) return;
        }
        if (!growth.fresh[kind].has(name)) growth.filter.add(kind, name);
      }
    }
    this.#use(growth.filter);
  }

  #use(filter: NameFilter): void {
    this.#growth = undefined;
    this.#filter = filter;
    // the snapshot has them
    this.#forgetChanges();
    this.#version = (this.#version + 1) >>> 0;
    this.#tell(this.#followers, this.#snapshot(filter));
  }

  #tellChanges(): void {
    if (this.#changes.length === 0) return;
    const changes = this.#changes;
    this.#forgetChanges();
    this.#version = (this.#version + 1) >>> 0;
    this.#tell(this.#followers, changesBytes(this.#version, changes));
  }

  #forgetChanges(): void {
    this.#changes = [];
    this.#urgent = false;
    this.#later?.cancel();
    this.#later = undefined;
  }

  #snapshot({ bitmap }: NameFilter): Buffer {
    return interestBytes(InterestWord.SNAPSHOT, this.#version, bitmap);
  }

  #tell(links: Iterable<InterestLink>, bytes: Buffer): void {
    for (const link of links) {
      link.told = this.#version;
      link.sendNow(bytes);
    }
  }
}

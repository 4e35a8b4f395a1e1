import { type FSWatcher, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Timer } from '../../base/clock.js';
import { STATE_FOLDER } from '../../base/state-folder.js';

/** Milliseconds of quiet after a change: an editor writes a file in several steps. */
const QUIET_TIME = 100;
/** Milliseconds until a folder that could not be watched is tried again: descriptors and inotify watches run out for a while. */
const RETRY_TIME = 5000;

/** Folders whose changes say nothing about the code. */
const IGNORED_NAMES = new Set([STATE_FOLDER, '.git', 'node_modules']);

export interface FolderWatcherOptions {
  readonly folder: string;
  /** Folders below it whose changes do not count, absolute. */
  readonly ignored: readonly string[];
  readonly clock: Clock;
  readonly onChange: () => void;
  readonly onError: (error: Error) => void;
}

/**
 * Tells when a file in a folder, or in one below it, has changed. Each folder is watched by itself: node's own recursive
 * watching loses a file that is replaced instead of written, which is how editors save.
 */
export class FolderWatcher {
  readonly #options: FolderWatcherOptions;
  readonly #ignored: ReadonlySet<string>;
  readonly #watchers = new Map<string, FSWatcher>();
  #quiet: Timer | undefined;
  #retry: Timer | undefined;

  constructor(options: FolderWatcherOptions) {
    this.#options = options;
    this.#ignored = new Set(options.ignored);
  }

  start(): void {
    this.#add(this.#options.folder);
  }

  close(): void {
    this.#quiet?.cancel();
    this.#retry?.cancel();
    this.#retry = undefined;
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** Watches a folder and those below it, as far as it does not yet. */
  #add(folder: string): void {
    if (this.#ignored.has(folder)) return;
    try {
      if (!this.#watchers.has(folder)) this.#watch(folder);
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        if (entry.isDirectory() && !IGNORED_NAMES.has(entry.name)) this.#add(join(folder, entry.name));
      }
    } catch (error) {
      this.#remove(folder);
      const gone = (error as NodeJS.ErrnoException).code === 'ENOENT';
      // it has gone while it was looked at; the folder above will tell if it comes back
      if (gone && folder !== this.#options.folder) return;
      this.#tryAgain(error as Error);
    }
  }

  #watch(folder: string): void {
    const watcher = watch(folder, (_, name) => {
      if (name !== null && (IGNORED_NAMES.has(name) || this.#ignored.has(join(folder, name)))) return;
      this.#change();
    });
    // the folder itself is gone
    watcher.on('error', () => this.#remove(folder));
    this.#watchers.set(folder, watcher);
  }

  /** What changes until then counts as a change: it was not seen. */
  #tryAgain(error: Error): void {
    if (this.#retry !== undefined) return;
    this.#options.onError(error);
    this.#retry = this.#options.clock.setTimeout(() => {
      this.#retry = undefined;
      this.start();
      if (this.#retry === undefined) this.#change();
    }, RETRY_TIME);
  }

  #remove(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }

  #change(): void {
    this.#quiet?.cancel();
    this.#quiet = this.#options.clock.setTimeout(() => {
      // there may be new folders, and a folder of the same name may be another one
      this.close();
      this.start();
      this.#options.onChange();
    }, QUIET_TIME);
  }
}

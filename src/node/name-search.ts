import type { Gateway } from '../gateway/gateway.js';
import { LONGEST_NAME, type NameList, type NameQuery, type NameRow } from '../ops/requests/names.js';
import { Slices } from '../base/slices.js';
import { textMatcher } from './text-matcher.js';

/**
 * The first groups or uids, in their order, behind a name. All are looked through each time, and those that are asked for
 * are kept: nothing is sorted for those who only read on.
 */
export async function searchNames(
  { directory }: Pick<Gateway, 'directory'>,
  query: NameQuery,
): Promise<NameList> {
  const { kind, after, limit, search } = query;
  const matches = textMatcher(search);
  const countOf =
    kind === 'groups'
      ? (name: string) => directory.withGroup(name).size
      : (name: string) => directory.countOfUid(name);
  const slices = new Slices();
  const first = new FirstNames(limit + 1);
  for (const name of kind === 'groups' ? directory.groups() : directory.uids()) {
    if (slices.over) await slices.rest();
    const shown = name.length > LONGEST_NAME ? name.slice(0, LONGEST_NAME) : name;
    if (shown <= after || !first.takes(shown) || !matches(name)) continue;
    first.add({ name: shown, clients: countOf(name), ...(shown !== name && { cut: true as const }) });
  }
  const names = first.rows.slice(0, limit);
  return { names, next: first.rows.length > limit ? names[limit - 1].name : null };
}

/** The first so many of names that come in any order. */
class FirstNames {
  readonly rows: NameRow[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether it would be one of them. */
  takes(name: string): boolean {
    return this.rows.length < this.#limit || name <= this.rows[this.rows.length - 1].name;
  }

  add(row: NameRow): void {
    const place = this.#placeOf(row.name);
    const there = this.rows.at(place);
    if (there?.name === row.name) {
      this.rows[place] = { ...there, clients: there.clients + row.clients };
      return;
    }
    this.rows.splice(place, 0, row);
    if (this.rows.length > this.#limit) this.rows.pop();
  }

  /** Where it stands, or would stand. */
  #placeOf(name: string): number {
    let [from, to] = [0, this.rows.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.rows[middle].name < name) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

import { avatar, element } from './elements.js';

/** Milliseconds in which somebody's next message stands without their name. */
const SOON = 180_000;

const time = { hour: '2-digit', minute: '2-digit' };
const today = new Intl.DateTimeFormat(undefined, time);
const earlier = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', ...time });

/** What is said in a room, or between two: the list that shows it, and what the page knows of it. */
export class Talk {
  list = element('ol');
  unread = 0;
  more = false; // whether the server may have what was said before
  asked = false; // whether that is on its way
  #items = new Map(); // those of a room's messages, by id
  #edge = ''; // the last message that was shown before this connection

  /** @param key '#' and a room, or a person's uid */
  constructor(key, title) {
    this.key = key;
    this.title = title;
    this.isRoom = key.startsWith('#');
  }

  /** The id of the first message; '' when there is none. */
  get first() {
    return [...this.#items.keys()].sort()[0] ?? '';
  }

  /** @returns false for a message that was in the history already */
  add(message, own) {
    if (this.#items.has(message.id)) return false;
    this.#insert(message, own, null);
    return true;
  }

  notice(text, kind = '') {
    this.list.append(element('li', `notice ${kind}`, text));
  }

  /** We are about to come into the room, perhaps again: its last messages come with the answer. */
  enter() {
    this.#edge = [...this.#items.keys()].sort().at(-1) ?? '';
  }

  /** Puts messages where they belong. Those before a gap, that much was said in, go: they can be asked for. */
  addHistory(messages, more, ownUid) {
    const begin = messages[0]?.id ?? '';
    const gap = more && this.#edge !== '' && this.#edge < begin;
    if (gap) this.#forget();
    if (gap || this.first === '' || begin <= this.first) this.more = more;
    for (const message of messages) {
      if (this.#items.has(message.id)) continue;
      const before = [...this.list.children].findLast((item) => item.dataset.id < message.id);
      const next = before ? before.nextSibling : this.list.firstChild;
      this.#insert(message, message.from.uid === ownUid, next);
    }
  }

  #insert({ id, from, text, at }, own, next) {
    const when = element('time', '', (isToday(at) ? today : earlier).format(at));
    when.dateTime = new Date(at).toISOString();
    const by = element('p', 'by');
    by.append(element('b', '', own ? 'You' : from.name), ' ', when);
    const item = element('li', own ? 'message own' : 'message');
    item.append(avatar(from), by, element('p', 'text', text));
    Object.assign(item.dataset, { uid: from.uid, at });
    if (id) {
      item.dataset.id = id;
      this.#items.set(id, item);
    }
    this.list.insertBefore(item, next);
    group(item);
    if (next) group(next);
  }

  #forget() {
    const edge = this.#items.get(this.#edge);
    while (this.list.firstChild !== edge) this.list.firstChild.remove();
    edge.remove();
    for (const id of this.#items.keys()) if (id <= this.#edge) this.#items.delete(id);
    this.#edge = '';
  }
}

/** Whether a message belongs to the one above it: the same person's, soon after. */
function group(item) {
  const above = item.previousElementSibling?.dataset;
  const { uid, at } = item.dataset;
  item.classList.toggle('follows', uid !== undefined && above?.uid === uid && at - above.at < SOON);
}

function isToday(at) {
  return new Date(at).toDateString() === new Date().toDateString();
}

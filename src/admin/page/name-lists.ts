import type { NameList, NameRow } from '../../ops/requests/names.js';
import { ask } from './ask.js';
import { el } from './dom.js';
import { words } from './language.js';
import { Pager } from './pager.js';
import { count } from './quantity.js';
import { searchForm } from './search-form.js';
import { sendDialog } from './send.js';
import { named, shown } from './shown.js';
import { Table } from './table.js';
import { type Stage, type View, linkTo } from './view.js';

const PAGE = 50;

export function groupList(stage: Stage): View {
  return nameList(stage, 'groups', 'group');
}

export function uidList(stage: Stage): View {
  return nameList(stage, 'uids', 'uid');
}

/** Groups or uids, in their order, page by page. */
function nameList({ live }: Stage, kind: 'groups' | 'uids', one: 'group' | 'uid'): View {
  const w = words();
  let search = '';
  const table = new Table<NameRow>(w[kind], [
    {
      title: w.name,
      cell: ({ name, cut }) =>
        cut
          ? el('span', {}, named(name), ' ', el('small', { class: 'muted' }, w.tooLong))
          : el('a', { href: linkTo('clients', { [one]: name }) }, named(name)),
    },
    { title: w.clientCount, cell: ({ clients }) => count(clients), figures: true },
    {
      title: '',
      cell: ({ name, cut }) =>
        !live.readOnly &&
        !cut &&
        el('button', { type: 'button', onclick: () => sendDialog({ to: one, name }) }, w.send),
    },
  ]);
  const pager = new Pager<NameList>({
    load: async (after, signal) =>
      (await ask(`/api/${kind}`, { after, limit: PAGE, search }, signal)) as NameList,
    show: ({ names }) => table.show(names),
    describe: ({ names, missing = [] }) =>
      [
        w.found(names.length),
        ...(missing.length > 0 ? [w.without(missing.map((name) => shown(name)).join(', '))] : []),
      ].join('; '),
  });
  const form = searchForm(w.searchNames, (text) => {
    search = text;
    pager.restart();
  });
  pager.restart();
  return {
    element: el(
      'section',
      { class: 'card' },
      el('h1', {}, w[kind]),
      form.element,
      pager.element,
      table.element,
    ),
    close() {
      form.close();
      pager.close();
    },
  };
}

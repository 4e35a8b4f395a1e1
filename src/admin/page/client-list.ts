import { formatRemote } from '../../net/address.js';
import type { ClientList, ClientRow } from '../../ops/requests/clients.js';
import { ask } from './ask.js';
import { el } from './dom.js';
import { words } from './language.js';
import { Pager } from './pager.js';
import { bytes, count } from './quantity.js';
import { searchForm } from './search-form.js';
import type { Whom } from './send.js';
import { named, shown } from './shown.js';
import { Table } from './table.js';
import { Trace } from './trace.js';
import { type Stage, type View, linkTo } from './view.js';

const PAGE = 50;

/** Clients, page by page: all, or those of a group or with a uid, and of these those that are searched for. */
export function clientList({ params }: Stage): View {
  const w = words();
  const [group, uid] = [params.get('group') ?? '', params.get('uid') ?? ''];
  let search = '';
  const table = new Table<ClientRow>(w.clients, [
    {
      title: w.clientId,
      cell: ({ clientId }) => el('a', { class: 'mono', href: linkTo('client', { id: clientId }) }, clientId),
    },
    { title: w.uid, cell: ({ uid: own }) => (own === null ? '–' : named(own, 40)) },
    { title: w.groups, cell: ({ groups }) => count(groups), figures: true },
    { title: w.protocol, cell: ({ protocol }) => shown(protocol) },
    { title: w.address, cell: (row) => el('span', { class: 'mono' }, formatRemote(row)) },
    { title: w.bytesIn, cell: ({ bytesIn }) => bytes(bytesIn), figures: true },
    { title: w.bytesOut, cell: ({ bytesOut }) => bytes(bytesOut), figures: true },
    { title: w.waits, cell: waits, figures: true },
  ]);
  const pager = new Pager<ClientList>({
    load: async (after, signal) =>
      await look({ group, uid, search, waiting: waiting.checked }, after, signal),
    show: ({ clients }) => table.show(clients),
    describe: (part) => describe(part, search !== '' || waiting.checked),
  });
  const waiting = el('input', { type: 'checkbox', onchange: () => pager.restart() });
  const onSearch = (text: string): void => {
    search = text;
    pager.restart();
  };
  const form = searchForm(w.searchClients, onSearch, el('label', { class: 'check' }, waiting, w.onlyWaiting));
  const trace = group === '' && uid === '' ? undefined : new Trace(group === '' ? { uid } : { group });
  pager.restart();
  return {
    whom: whomOf(group, uid),
    element: el(
      'div',
      { class: 'client' },
      el(
        'section',
        { class: 'card' },
        el('h1', {}, w.clients),
        chosen(group, uid),
        form.element,
        pager.element,
        table.element,
      ),
      trace?.element,
    ),
    close() {
      trace?.close();
      form.close();
      pager.close();
    },
  };
}

/** Asks on until there is a page full: each answer is given after a part of the clients has been looked through. */
async function look(
  query: Readonly<Record<string, unknown>>,
  from: string,
  signal: AbortSignal,
): Promise<ClientList> {
  let list: ClientList = { clients: [], next: from, looked: 0, total: 0 };
  do {
    const body = { ...query, after: list.next ?? '', limit: PAGE - list.clients.length };
    const part = (await ask('/api/clients', body, signal)) as ClientList;
    list = { ...part, clients: [...list.clients, ...part.clients], looked: list.looked + part.looked };
  } while (list.next !== null && list.clients.length < PAGE && !signal.aborted);
  return list;
}

function describe({ clients, looked, total, missing = [] }: ClientList, searched: boolean): string {
  const w = words();
  const said = [
    searched ? `${w.found(clients.length)}, ${w.searched(looked, total)}` : w.shownOf(clients.length, total),
  ];
  if (missing.length > 0) said.push(w.without(missing.map((name) => shown(name)).join(', ')));
  return said.join('; ');
}

function chosen(group: string, uid: string): HTMLElement | false {
  if (group === '' && uid === '') return false;
  const w = words();
  return el(
    'p',
    { class: 'chosen' },
    group === '' ? w.withUid : w.inGroup,
    ' ',
    el('strong', {}, named(group === '' ? uid : group)),
    ' · ',
    el('a', { href: linkTo('clients') }, w.anyone),
  );
}

function whomOf(group: string, uid: string): Whom | undefined {
  if (group !== '') return { to: 'group', name: group };
  return uid === '' ? undefined : { to: 'uid', name: uid };
}

function waits({ buffered, queued }: ClientRow): HTMLElement | string {
  if (buffered === 0 && queued === 0) return '–';
  return el(
    'span',
    { class: 'slow' },
    [...(buffered > 0 ? [bytes(buffered)] : []), ...(queued > 0 ? [`${count(queued)} ⇥`] : [])].join(', '),
  );
}

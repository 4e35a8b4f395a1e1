import { formatRemote } from '../../net/address.js';
import type { ClientDetail } from '../../ops/requests/client.js';
import { type AskError, ask } from './ask.js';
import { type Child, el, replace } from './dom.js';
import { kickDialog } from './kick.js';
import { words } from './language.js';
import { bytes, count, whole } from './quantity.js';
import { type Whom, sendDialog } from './send.js';
import { block, named, shown } from './shown.js';
import { Trace } from './trace.js';
import { type Stage, type View, linkTo } from './view.js';

/** Milliseconds between two looks. */
const PERIOD = 2000;

/** One client: everything that its gateway knows of it, as it changes. */
export function clientView({ live, params }: Stage): View {
  const w = words();
  const id = params.get('id') ?? '';
  const whom: Whom = { to: 'client', name: id };
  const facts = el('dl', { class: 'facts' });
  const session = el('div');
  const groups = el('div');
  const status = el('p', { class: 'muted', role: 'status' });
  const actions = el('div', { class: 'actions' });
  const trace = new Trace({ clientId: id });
  let last = '';
  let closed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const show = (client: ClientDetail): void => {
    replace(facts, ...factsOf(client).flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]));
    // what is selected or scrolled there stays as long as it says the same
    const shownNow = JSON.stringify([client.session, client.groups]);
    if (shownNow === last) return;
    last = shownNow;
    replace(
      session,
      client.session === null
        ? el('p', { class: 'muted' }, w.noSession)
        : block(client.session, { 'aria-label': w.session }),
    );
    replace(groups, groupsOf(client));
  };
  const look = async (): Promise<void> => {
    try {
      const client = (await ask('/api/client', { clientId: id })) as ClientDetail | null;
      if (closed) return;
      status.textContent = client === null ? w.gone : '';
      actions.hidden = client === null;
      if (client !== null) show(client);
    } catch (error) {
      if (closed) return;
      status.textContent = (error as AskError).message;
      actions.hidden = true;
      // what is no client id does not become one
      if ((error as AskError).status === 400) return;
    }
    if (!closed) timer = setTimeout(() => void look(), PERIOD);
  };
  void look();

  let readOnly: boolean | undefined;
  return {
    whom,
    element: el(
      'div',
      { class: 'client' },
      el(
        'section',
        { class: 'card' },
        el('h1', {}, `${w.client} `, el('span', { class: 'mono' }, shown(id))),
        status,
        actions,
        facts,
      ),
      el('section', { class: 'card', 'aria-label': w.session }, el('h2', {}, w.session), session),
      el('section', { class: 'card', 'aria-label': w.groups }, el('h2', {}, w.groups), groups),
      trace.element,
    ),
    update() {
      if (readOnly === live.readOnly) return;
      ({ readOnly } = live);
      replace(
        actions,
        el('a', { href: linkTo('clients') }, w.back),
        !readOnly && el('button', { type: 'button', onclick: () => sendDialog(whom) }, w.send),
        !readOnly && el('button', { type: 'button', class: 'danger', onclick: () => kickDialog(id) }, w.kick),
      );
    },
    close() {
      closed = true;
      trace.close();
      clearTimeout(timer);
    },
  };
}

function factsOf(client: ClientDetail): readonly (readonly [string, Child])[] {
  const w = words();
  return [
    [w.uid, uidOf(client)],
    [w.address, el('span', { class: 'mono' }, formatRemote(client))],
    [w.protocol, shown(client.protocol)],
    [w.listener, shown(client.listener)],
    [w.itsWorker, client.worker === null ? '–' : shown(client.worker)],
    [w.bytesIn, bytes(client.bytesIn)],
    [w.bytesOut, bytes(client.bytesOut)],
    [w.unread, bytes(client.buffered)],
    [w.queuedEvents, count(client.queued)],
    [w.reading, client.reading ? w.isRead : el('strong', { class: 'slow' }, w.isNotRead)],
    [w.silentRounds, count(client.silentRounds)],
    [w.session, bytes(client.sessionBytes)],
  ];
}

function uidOf({ uid, uidLength }: ClientDetail): Child {
  if (uid === null) return '–';
  if (uidLength > uid.length) return el('span', {}, named(uid), ` (${whole(uidLength)})`);
  return el('a', { href: linkTo('clients', { uid }) }, named(uid));
}

function groupsOf({ groups, groupCount }: ClientDetail): HTMLElement {
  const w = words();
  if (groupCount === 0) return el('p', { class: 'muted' }, w.noGroup);
  return el(
    'div',
    {},
    groupCount > groups.length &&
      el('p', { class: 'muted' }, `${w.groupsOf(groupCount)}, ${w.cutAt(groups.length)}`),
    el(
      'ul',
      { class: 'chips' },
      ...groups.map((group) =>
        el('li', {}, el('a', { href: linkTo('clients', { group }) }, named(group, 60))),
      ),
    ),
  );
}

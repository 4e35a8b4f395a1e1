import { type AskError, ask } from './ask.js';
import { Dialog, doButton } from './dialog.js';
import { el } from './dom.js';
import { words } from './language.js';
import { shown } from './shown.js';

type Kind = 'all' | 'group' | 'uid' | 'client';

/** To whom something is sent. */
export interface Whom {
  readonly to: Kind;
  readonly name: string;
}

/** To whom, and by which call. */
const CALLS: Readonly<Record<Kind, readonly [call: string, argument: string]>> = {
  all: ['sendToAll', ''],
  group: ['sendToGroup', 'group'],
  uid: ['sendToUid', 'uid'],
  client: ['sendToClient', 'clientId'],
};

interface Letter extends Whom {
  readonly message: string;
}

/** Sends a text: first what and to whom, then whether that is meant. */
export function sendDialog(begun: Whom = { to: 'all', name: '' }): void {
  write(new Dialog(words().sendTitle), { ...begun, message: '' });
}

function write(dialog: Dialog, letter: Letter): void {
  const w = words();
  const names: Readonly<Record<Kind, string>> = {
    all: w.toAll,
    group: w.toGroup,
    uid: w.toUid,
    client: w.toClient,
  };
  const to = el(
    'select',
    { onchange: () => (whom.hidden = to.value === 'all') },
    ...Object.entries(names).map(([value, name]) =>
      el('option', { value, selected: value === letter.to }, name),
    ),
  );
  const name = el('input', { value: letter.name, spellcheck: 'false', autocomplete: 'off' });
  const whom = el('label', { class: 'field', hidden: letter.to === 'all' }, w.whom, name);
  const message = el('textarea', { rows: 5, autofocus: true }, letter.message);
  const next = (): void => {
    const written = { to: to.value as Kind, name: name.value, message: message.value };
    if (written.to === 'all' || written.name !== '') void confirm(dialog, written);
    else name.focus();
  };
  dialog.show(
    [el('label', { class: 'field' }, w.to, to), whom, el('label', { class: 'field' }, w.message, message)],
    doButton(w.goOn, next),
  );
}

async function confirm(dialog: Dialog, letter: Letter): Promise<void> {
  const w = words();
  const name = shown(letter.name);
  const whom =
    letter.to === 'all'
      ? await everybody(dialog)
      : { group: w.groupNamed, uid: w.uidNamed, client: w.clientNamed }[letter.to](name);
  dialog.show(
    [el('p', {}, w.sendSure(whom)), el('pre', { dir: 'auto' }, shown(letter.message, 1000))],
    el('button', { type: 'button', onclick: () => write(dialog, letter) }, w.back),
    doButton(w.sendNow, () => void send(dialog, letter), 'danger'),
  );
}

/** How many they are, those at nodes that this page does not show included; where not all nodes answer it is not said. */
async function everybody(dialog: Dialog): Promise<string> {
  const w = words();
  dialog.wait(w.looking);
  try {
    return w.everybody((await ask('/api/getAllClientIdCount')) as number);
  } catch {
    return w.toAll;
  }
}

async function send(dialog: Dialog, { to, name, message }: Letter): Promise<void> {
  const w = words();
  const [call, argument] = CALLS[to];
  dialog.wait(w.looking);
  try {
    await ask(`/api/${call}`, { ...(argument !== '' && { [argument]: name }), message });
    dialog.show([el('p', { role: 'status', class: 'good' }, w.sent)]);
  } catch (error) {
    dialog.show([el('p', { class: 'bad', role: 'alert' }, (error as AskError).message)]);
  }
}

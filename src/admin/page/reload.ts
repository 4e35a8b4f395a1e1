import { type AskError, ask } from './ask.js';
import { Dialog, doButton } from './dialog.js';
import { el } from './dom.js';
import { words } from './language.js';
import { LogLines } from './log-lines.js';
import { shown } from './shown.js';

/** Reloads the code, once its reader is sure, and shows the log meanwhile. */
export function reloadDialog(): void {
  const w = words();
  let lines: LogLines | undefined;
  const dialog = new Dialog(w.reloadTitle, () => lines?.close());
  const graceful = el('input', { type: 'checkbox' });
  const begin = async (): Promise<void> => {
    lines = new LogLines(Date.now());
    const status = el('p', { role: 'status' }, w.reloading);
    dialog.show([status, el('h3', {}, w.itsLog), lines.element]);
    // so that no line of it is missed
    await lines.open();
    await reload(graceful.checked, status);
  };
  dialog.show(
    [el('p', {}, w.reloadSure), el('label', { class: 'check' }, graceful, w.graceful)],
    doButton(w.reloadNow, () => void begin()),
  );
}

async function reload(graceful: boolean, status: HTMLElement): Promise<void> {
  const w = words();
  try {
    const note = (await ask('/api/reload', { graceful })).result as { readonly note: string } | null;
    status.className = note === null ? 'good' : 'slow';
    status.textContent = note === null ? w.reloaded : `${w.reloaded} ${shown(note.note, 1000)}`;
  } catch (error) {
    status.className = 'bad';
    status.replaceChildren(w.notReloaded, el('pre', { dir: 'ltr' }, (error as AskError).message));
  }
}

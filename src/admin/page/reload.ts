import type { LiveSample } from '../../ops/requests/live.js';
import { type AskError, ask } from './ask.js';
import { Dialog, doButton } from './dialog.js';
import { el, setText } from './dom.js';
import { words } from './language.js';
import type { Live } from './live.js';
import { LogLines } from './log-lines.js';
import { shown } from './shown.js';

/** Reloads the code, once its reader is sure, and shows how far that is, and the log, meanwhile. */
export function reloadDialog(live: Live): void {
  const w = words();
  let lines: LogLines | undefined;
  let unwatch: (() => void) | undefined;
  const dialog = new Dialog(w.reloadTitle, () => {
    lines?.close();
    unwatch?.();
  });
  const graceful = el('input', { type: 'checkbox' });
  const begin = async (): Promise<void> => {
    lines = new LogLines(Date.now());
    const status = el('p', { role: 'status' }, w.reloading);
    const progress = el('p', { class: 'muted' });
    unwatch = showProgress(live, progress);
    dialog.show([status, progress, el('h3', {}, w.itsLog), lines.element]);
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
    const note = (await ask('/api/reload', { graceful })) as { readonly note: string } | null;
    status.className = note === null ? 'good' : 'slow';
    status.textContent = note === null ? w.reloaded : `${w.reloaded} ${shown(note.note, 1000)}`;
  } catch (error) {
    status.className = 'bad';
    status.replaceChildren(w.notReloaded, el('pre', { dir: 'ltr' }, (error as AskError).message));
  }
}

/** How many workers have another thread than when this began. @returns ends it */
function showProgress(live: Live, element: HTMLElement): () => void {
  const before = servingThreads(live.sample);
  const show = (): void => {
    const now = servingThreads(live.sample);
    const done = [...now].filter(([worker, thread]) => before.get(worker) !== thread).length;
    setText(element, words().reloadProgress(done, now.size));
  };
  show();
  return live.listen(show);
}

/** By worker. */
function servingThreads(sample: LiveSample | undefined): ReadonlyMap<string, number> {
  return new Map(
    (sample?.nodes ?? []).flatMap(({ name, now }) =>
      (now?.threads ?? []).flatMap(({ slot, threads }) =>
        threads.flatMap(({ thread, role }) =>
          role === 'serving' ? [[`${name}:${slot}`, thread] as const] : [],
        ),
      ),
    ),
  );
}

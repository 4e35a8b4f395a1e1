import { type AskError, ask } from './ask.js';
import { Dialog, doButton } from './dialog.js';
import { el } from './dom.js';
import { words } from './language.js';

/** Closes a client, once its reader is sure. */
export function kickDialog(clientId: string): void {
  const w = words();
  const dialog = new Dialog(w.kickTitle);
  const kick = async (): Promise<void> => {
    dialog.wait(w.looking);
    try {
      await ask('/api/closeClient', { clientId });
      dialog.show([el('p', { role: 'status' }, w.kicked)]);
    } catch (error) {
      dialog.show([el('p', { class: 'bad', role: 'alert' }, (error as AskError).message)]);
    }
  };
  dialog.show(
    [el('p', {}, w.kickSure(clientId))],
    doButton(w.kickNow, () => void kick(), 'danger'),
  );
}

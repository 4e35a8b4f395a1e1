import { el } from './dom.js';
import { words } from './language.js';
import { languageSwitch } from './language-switch.js';

/** Asks for the token, where no link brought it. */
export function loginForm(
  problem: string,
  logIn: (token: string) => Promise<void>,
  onLanguage: () => void,
): HTMLElement {
  const w = words();
  const input = el('input', {
    type: 'password',
    name: 'token',
    autocomplete: 'off',
    spellcheck: 'false',
    required: true,
    'aria-describedby': 'sign-in-text',
  });
  const form = el(
    'form',
    {
      class: 'card login',
      onsubmit: (event) => {
        event.preventDefault();
        void logIn(input.value.trim().replace(/^.*#token=/, ''));
      },
    },
    el('h1', {}, 'GatewayWorker'),
    el('p', { id: 'sign-in-text' }, w.signInText),
    el('label', {}, w.token, input),
    problem !== '' && el('p', { class: 'bad', role: 'alert' }, problem),
    el('button', { class: 'primary', type: 'submit' }, w.signIn),
    languageSwitch(onLanguage),
  );
  queueMicrotask(() => input.focus());
  return el('main', { class: 'centred' }, form);
}

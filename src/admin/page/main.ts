import { AskError, ask, isKnown, whenUnknown } from './ask.js';
import { words } from './language.js';
import { loginForm } from './login.js';
import { Shell } from './shell.js';

let shell: Shell | undefined;

/** Whether nobody has been signed in yet, who would have to be told that it is over. */
let quiet = false;

whenUnknown(() => showLogin(quiet ? '' : words().signedOut));
// another link, in the window of this page
addEventListener('hashchange', () => {
  if (location.hash.startsWith('#token=')) void start();
});
void start();

/** The token of the link goes out of the address at once, and is kept by nobody but a cookie that no script can read. */
async function start(): Promise<void> {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token !== null) {
    history.replaceState(null, '', location.pathname);
    await logIn(token);
    return;
  }
  quiet = true;
  if (await isKnown()) showPage();
  quiet = false;
}

async function logIn(token: string): Promise<void> {
  try {
    await ask('/api/login', { token });
    showPage();
  } catch (error) {
    showLogin((error as AskError).message);
  }
}

function showLogin(problem: string): void {
  shell?.close();
  shell = undefined;
  document.body.replaceChildren(loginForm(problem, logIn, () => showLogin(problem)));
}

function showPage(): void {
  shell?.close();
  shell = new Shell(() => showLogin(''));
  shell.open();
}

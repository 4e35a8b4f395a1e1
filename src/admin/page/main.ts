import { AskError, ask, whenUnknown } from './ask.js';
import { words } from './language.js';
import { loginForm } from './login.js';
import { Shell } from './shell.js';

let shell: Shell | undefined;

whenUnknown(() => showLogin(words().signedOut));
void start();

/** The token of the link goes out of the address at once, and is kept by nobody but a cookie that no script can read. */
async function start(): Promise<void> {
  const token = /^#token=(.*)$/.exec(location.hash)?.[1];
  if (token !== undefined) {
    history.replaceState(null, '', location.pathname);
    await logIn(decodeURIComponent(token));
    return;
  }
  try {
    // whether the cookie of before is still worth anything
    const response = await fetch('/api/live', { method: 'HEAD' });
    if (response.status === 401) showLogin('');
    else showPage();
  } catch {
    showPage();
  }
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

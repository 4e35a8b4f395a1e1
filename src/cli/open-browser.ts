import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { GatewayError } from '../base/errors.js';

/** What opens a link, by platform. */
const OPENERS: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/** Shows a link in the user's browser. @throws GW_CONTROL when there is nothing that would */
export async function openBrowser(link: string): Promise<void> {
  const [command, ...words] = OPENERS[process.platform] ?? ['xdg-open'];
  const opener = spawn(command, [...words, link], { stdio: 'ignore', detached: true });
  try {
    await once(opener, 'spawn');
  } catch (cause) {
    throw new GatewayError(
      'GW_CONTROL',
      `No browser can be opened from here: ${command} cannot be run (${(cause as Error).message}). Open the link by hand; from another machine by a tunnel, as ssh -L makes.`,
      { cause },
    );
  }
  opener.unref();
}

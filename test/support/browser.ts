import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where Chromium and Chrome usually are. `test/setup.sh` looks in the same places. */
const USUAL_PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** The browser of this machine, without a window. A test that needs one fails where there is none. */
export async function launchBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: browserPath(),
    args: [
      // Chromium's sandbox refuses to work for root, which is who runs tests in a container.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

function browserPath(): string {
  const chosen = process.env.CHROMIUM_PATH;
  const found = (chosen ? [chosen] : USUAL_PATHS).find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new Error(
    chosen
      ? `CHROMIUM_PATH names ${chosen}, which does not exist. Correct it, or unset it and run: npm run setup`
      : 'Found neither Chromium nor Chrome. Run: npm run setup (or set CHROMIUM_PATH to a browser)',
  );
}

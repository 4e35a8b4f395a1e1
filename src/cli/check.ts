import type { ConfigOption } from './options.js';
import { checkTypes } from './type-check.js';
import { checkCertificates } from '../node/check-certificates.js';
import { checkEvents, load } from './application.js';
import { say } from './this-program.js';

/** Checks what a start would run, and starts nothing. */
export async function check(options: ConfigOption): Promise<void> {
  const { config, file, warnings } = await load(options);
  say(`configuration  ${file ?? 'the defaults'}`, ...warnings.map((warning) => `warning        ${warning}`));
  for (const line of await checkCertificates(config)) say(`certificate    ${line}`);
  if (config.worker === false) {
    say('events         none: worker is false');
    return;
  }
  await checkEvents(config);
  say(`events         ${config.worker.events} compiles`);
  const { text } = await checkTypes(config.worker.events);
  say(`types          ${text}`);
}

/** `npm run docs`: brings the generated parts of the documentation, and of the sources, up to date. Run by the built package, from its root. */
import { readFileSync, writeFileSync } from 'node:fs';
import { errorsPage, userConfigModule, withReference } from '../config/reference.js';

const docs = new URL('../../docs/', import.meta.url);
const configuration = new URL('configuration.md', docs);

writeFileSync(configuration, withReference(readFileSync(configuration, 'utf8')));
writeFileSync(new URL('errors.md', docs), errorsPage());
writeFileSync(new URL('../../src/config/user-config.ts', import.meta.url), userConfigModule());

/**
 * Run by `prepare`, after the build: makes the declarations in dist/ independent of @types/node, which an application need not
 * have. Buffer is the only type of node's that the public ones mention, and a test keeps it so.
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const OWN = "build/bytes.js'";
const NODE_IMPORT = /^import (?:type )?\{ Buffer \} from 'node:buffer';\n/m;

const folder = fileURLToPath(new URL('..', import.meta.url));
for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
  if (!file.endsWith('.d.ts') || file === 'build/bytes.d.ts') continue;
  const text = readFileSync(`${folder}${file}`, 'utf8');
  if (!/\bBuffer\b/.test(text) || text.includes(OWN)) continue;
  const root = './' + '../'.repeat(file.split('/').length - 1);
  const types = text.replace(NODE_IMPORT, '');
  // behind the references to libraries, which have to come first
  const [references] = /^(?:\/\/\/ .*\n)*/.exec(types) ?? [''];
  const own = `import type { Buffer } from '${root}${OWN};\n`;
  writeFileSync(`${folder}${file}`, references + own + types.slice(references.length));
}

/**
 * Run by `prepare`, after the build: makes the declarations in dist/ independent of @types/node, which an application need not
 * have. Buffer is the only type of node's that the public ones mention, and a test keeps it so.
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const OWN = "build/bytes.js'";
/** An application need not have typebox either: then no schema is one of its. */
const TYPEBOX_IMPORT = /^import type \{[^}]*\} from 'typebox';$/m;
const IGNORED = '// @ts-ignore -- where it is not installed';
const NODE_IMPORT = /^import (?:type )?\{ Buffer \} from 'node:buffer';\n/m;

const folder = fileURLToPath(new URL('..', import.meta.url));
for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
  if (!file.endsWith('.d.ts') || file === 'build/bytes.d.ts') continue;
  const path = `${folder}${file}`;
  const text = withoutTypebox(path);
  if (!/\bBuffer\b/.test(text) || text.includes(OWN)) continue;
  const root = './' + '../'.repeat(file.split('/').length - 1);
  const types = text.replace(NODE_IMPORT, '');
  // behind the references to libraries, which have to come first
  const [references] = /^(?:\/\/\/ .*\n)*/.exec(types) ?? [''];
  const own = `import type { Buffer } from '${root}${OWN};\n`;
  writeFileSync(path, references + own + types.slice(references.length));
}

/** The declarations of a file, which may do without typebox from now on. */
function withoutTypebox(path: string): string {
  const text = readFileSync(path, 'utf8');
  if (!TYPEBOX_IMPORT.test(text) || text.includes(IGNORED)) return text;
  const types = text.replace(TYPEBOX_IMPORT, (line) => `${IGNORED}\n${line}`);
  writeFileSync(path, types);
  return types;
}

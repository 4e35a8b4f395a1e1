import { nodeConfigSchema } from './schema.js';
import { keyName, type SchemaNode, schemaKeys } from './schema-node.js';
import { ERROR_CODES } from '../base/errors.js';

const REFERENCE = /(<!-- reference -->\n)[^]*?(<!-- \/reference -->)/;

/** The table of every configuration key, made from the schema. Markdown. */
export function referenceTable(): string {
  const rows = [...schemaKeys(nodeConfigSchema)].map(({ path, node, required }) => [
    `\`${keyName(path)}\``,
    typeText(node),
    defaultText(node, required),
    node.description ?? '',
  ]);
  return table(['Key', 'Type', 'Default', 'Meaning'], rows);
}

/** `page` with the reference table between its markers brought up to date; all other text stays as it is. */
export function withReference(page: string): string {
  if (!REFERENCE.test(page))
    throw new Error('the page has no <!-- reference --> … <!-- /reference --> markers');
  return page.replace(REFERENCE, (_, start: string, end: string) => `${start}\n${referenceTable()}\n${end}`);
}

/** The whole of user-config.ts: plain text, so that the compiler of who uses this package need not read typebox. */
export function userConfigModule(): string {
  return `/* Made from schema.ts by \`npm run docs\`. */

/** What a user may write: every key is optional. For \`export default { … } satisfies UserConfig\`. */
export ${interfaces('UserConfig', nodeConfigSchema)}`;
}

/** The whole of docs/errors.md. */
export function errorsPage(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, meaning]) => [`\`${code}\``, meaning]);
  return `# Errors

Every error of this package is a \`GatewayError\`: tell them apart by \`error.code\`, never by the message. The message
names what was found, what was expected and what to do. This page is generated from \`src/base/errors.ts\` by \`npm run docs\`.

${table(['Code', 'Meaning'], rows)}`;
}

/** The interface of an object, and behind it those of the objects in it. What has a default need not be written. */
function interfaces(name: string, schema: object): string {
  const { properties = {}, required = [] }: SchemaNode = schema;
  let text = `interface ${name} {\n`;
  let inner = '';
  for (const [key, node] of Object.entries(properties)) {
    const object = node.items?.properties ? node.items : node;
    const own = `${name === 'UserConfig' ? 'User' : name}${key[0].toUpperCase()}${key.slice(1)}`;
    if (object.properties) inner += `\n${interfaces(own, object)}`;
    const type = typeOf(node, own);
    text += `  /** ${node.description ?? ''}${defaultSentence(node)} */\n`;
    text += `  readonly ${key}${required.includes(key) && node.default === undefined ? `: ${type}` : `?: ${type} | undefined`};\n`;
  }
  return `${text}}\n${inner}`;
}

/** @param own the interface, if it is an object */
function typeOf(node: SchemaNode, own: string): string {
  if (node.enum) return node.enum.map((value) => `'${value}'`).join(' | ');
  if (node.items) {
    const type = typeOf(node.items, own);
    return node.items.enum ? `readonly (${type})[]` : `readonly ${type}[]`;
  }
  if (node.properties) {
    if (!Array.isArray(node.type)) return own;
    return `${node.not === undefined ? 'boolean' : 'false'} | ${own}`;
  }
  return node.type === 'integer' ? 'number' : String(node.type);
}

function defaultSentence(node: SchemaNode): string {
  const text = defaultText(node, false);
  if (text === '' || text === 'none') return '';
  return ` Default: ${text}${node.defaultText === undefined && node.unit ? ` ${node.unit}` : ''}.`;
}

function typeText(node: SchemaNode): string {
  if (node.enum) return quoted(node.enum);
  if (node.choices) return `${quoted(node.choices)}, or a path`;
  const type = Array.isArray(node.type)
    ? `object or ${node.not === undefined ? 'boolean' : '`false`'}`
    : node.type === 'array'
      ? 'list'
      : String(node.type);
  const format = node.format === undefined ? '' : ` (${node.format})`;
  if (node.maximum === undefined) return type + format;
  const low =
    node.exclusiveMinimum === undefined ? `${node.minimum} to` : `above ${node.exclusiveMinimum}, up to`;
  return `${type}${node.unit ? ` of ${node.unit}` : ''}, ${low} ${node.maximum}`;
}

function quoted(values: readonly string[]): string {
  return values.map((value) => `\`"${value}"\``).join(', ');
}

function defaultText(node: SchemaNode, required: boolean): string {
  if (node.defaultText !== undefined) return node.defaultText;
  // An object without a default of its own is made of its keys' defaults.
  if (node.default === undefined) return required ? 'required' : 'none';
  return node.properties ? '' : `\`${JSON.stringify(node.default)}\``;
}

function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  return [head, head.map(() => '---'), ...rows].map(tableRow).join('');
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
}

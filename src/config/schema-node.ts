/** The part of JSON Schema, and of our annotations, that the configuration schema uses. */
export interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  /** Of an object that may be a boolean instead: the one that it may not be. */
  readonly not?: { readonly const: boolean };
  readonly items?: SchemaNode;
  readonly enum?: readonly string[];
  /** Names among which a string may choose, where other strings (a path) are allowed as well. */
  readonly choices?: readonly string[];
  readonly format?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
  readonly defaultText?: string;
  readonly unit?: string;
  readonly description?: string;
}

/** One key of the configuration. Inside a list the path has `[]`: `['gateway', 'listen', '[]', 'url']`. */
export interface SchemaKey {
  readonly path: readonly string[];
  readonly node: SchemaNode;
  readonly required: boolean;
}

/** Every key of `schema`, parents before their children, in the order of the schema. */
export function* schemaKeys(schema: object, path: readonly string[] = []): Generator<SchemaKey> {
  const node: SchemaNode = schema;
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    const childPath = [...path, name];
    yield { path: childPath, node: child, required: node.required?.includes(name) ?? false };
    yield* schemaKeys(child, childPath);
    if (child.items) yield* schemaKeys(child.items, [...childPath, '[]']);
  }
}

/** `['gateway', 'listen', '0', 'url']` as people write it: `gateway.listen[0].url`. */
export function keyName(path: readonly string[]): string {
  let name = '';
  for (const segment of path) {
    if (segment === '[]') name += segment;
    else if (/^\d+$/.test(segment)) name += `[${segment}]`;
    else name += name === '' ? segment : `.${segment}`;
  }
  return name;
}

/** What a value must be, in words that fit after "expected". */
export function expectation(node: SchemaNode): string {
  if (node.enum) return `one of ${quotedList(node.enum)}`;
  if (node.format !== undefined) return FORMAT_TEXT[node.format];
  switch (node.type) {
    case 'integer':
    case 'number':
      return `${node.type === 'integer' ? 'a whole number' : 'a number'}${node.unit ? ` of ${node.unit}` : ''} ${range(node)}`;
    case 'string':
      return 'a string';
    case 'array':
      if (node.items?.format === 'address') return 'a list such as ["10.0.0.1:1236"]';
      if (node.items?.format === 'addresses') return 'a list such as ["loopback", "10.1.0.0/16"]';
      if (node.items?.format === 'host') return 'a list such as ["admin.example.com"]';
      if (node.items?.format === 'token') return 'a list of different names, such as ["mqtt"]';
      if (node.items?.format === 'namespace') return 'a list such as ["/", "/admin"]';
      if (node.items?.format === 'origin') return 'a list such as ["https://example.com"]';
      if (node.items?.format === 'nats') return 'a list such as ["nats://10.0.0.1:4222"]';
      if (node.items?.enum) return `a list of different ones of ${quotedList(node.items.enum)}`;
      return 'a list with at least one entry';
    case 'boolean':
      return 'true or false';
    case 'object':
      return 'an object';
    default:
      return node.not === undefined ? 'true, false or an object' : 'an object or false';
  }
}

const FORMAT_TEXT: Readonly<Record<string, string>> = {
  host: 'an IPv4 address or a host name',
  bind: 'an IP address or a host name, or "" for that of gateway.lanIp',
  address: 'host:port, such as 10.0.0.1:1236',
  listen: 'host:port, such as 127.0.0.1:8280',
  mode: 'three octal digits in quotes, such as "660"',
  namespace: 'a slash and a name without a comma, such as "/admin", "/" for the main one, or "*" for any',
  token: 'a name without spaces and separators, such as "mqtt" or "v2.chat.example.com"',
  addresses: 'an address, a range such as 10.1.0.0/16, "loopback" or "private"',
  origin:
    'an origin without a path, such as "https://example.com", "https://*.example.com" or "http://localhost:5173", or "null", or "*" for all',
  nats: 'nats://host:port or tls://host:port, without user and password, such as nats://10.0.0.1:4222',
  cell: 'a name of letters, digits, "-" and "_", such as "eu-1"',
  subject: 'words of letters, digits, "-" and "_" with dots between them, such as "chat" or "shop.chat"',
  router:
    'one of "local-first", "least-connections", "random", or "query:" and the parameter of a handshake that is a client\'s key, such as "query:room" or "query:room@cluster", or the path of a module, such as "./router.ts"',
};

function quotedList(values: readonly string[]): string {
  return values.map((value) => JSON.stringify(value)).join(', ');
}

function range(node: SchemaNode): string {
  const above =
    node.exclusiveMinimum === undefined ? `from ${node.minimum}` : `above ${node.exclusiveMinimum} and up`;
  return `${above} to ${node.maximum}`;
}

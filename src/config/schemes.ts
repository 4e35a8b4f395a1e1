/** The settings of a listener that not every scheme takes. */
export const SCHEME_OPTIONS = [
  'static',
  'subprotocols',
  'origins',
  'compression',
  'socketIo',
  'tls',
  'protocol',
  'proxy',
] as const;

export type SchemeOption = (typeof SCHEME_OPTIONS)[number];

/** What the scheme of a listener's url says. */
interface Scheme {
  /** What the socket is. */
  readonly transport: 'tcp' | 'udp';
  /** Which of these settings it takes. */
  readonly options: readonly SchemeOption[];
  /** The one among them that it cannot do without. */
  readonly needs?: SchemeOption;
  /** What the reference says behind its name. */
  readonly note?: string;
  /** What Workerman's users are used to write, and what else one would try. */
  readonly aliases?: readonly string[];
}

/**
 * Every scheme that a listener may have. The code of each is named in `gateway/protocols/listener.ts`, and the compiler
 * sees to it that none is left out there.
 */
const TABLE = {
  ws: {
    transport: 'tcp',
    options: ['static', 'subprotocols', 'origins', 'compression', 'socketIo', 'proxy'],
    aliases: ['websocket', 'http'],
  },
  wss: {
    transport: 'tcp',
    options: ['static', 'subprotocols', 'origins', 'compression', 'socketIo', 'tls', 'proxy'],
    needs: 'tls',
    note: 'these also answer plain HTTP',
    aliases: ['https'],
  },
  text: { transport: 'tcp', options: ['tls', 'proxy'], note: 'one line a message' },
  frame: { transport: 'tcp', options: ['tls', 'proxy'], note: '4-byte length before each message' },
  tcp: { transport: 'tcp', options: ['protocol', 'tls', 'proxy'], note: 'raw' },
  udp: { transport: 'udp', options: [] },
} as const satisfies Readonly<Record<string, Scheme>>;

export type ListenScheme = keyof typeof TABLE;

export const SCHEMES: Readonly<Record<ListenScheme, Scheme>> = TABLE;

export const LISTEN_SCHEMES: readonly ListenScheme[] = Object.keys(TABLE) as ListenScheme[];

/** Those that take a setting, as a list in words: `wss, text or tcp`. */
export function schemesTaking(option: SchemeOption, conjunction: 'and' | 'or'): string {
  const names = LISTEN_SCHEMES.filter((scheme) => SCHEMES[scheme].options.includes(option));
  const last = names.pop() ?? '';
  return names.length === 0 ? last : `${names.join(', ')} ${conjunction} ${last}`;
}

/** For the reference: each with its note. */
export function schemeList(): string {
  return LISTEN_SCHEMES.map((scheme) => {
    const { note } = SCHEMES[scheme];
    return note === undefined ? `\`${scheme}\`` : `\`${scheme}\` (${note})`;
  }).join(', ');
}

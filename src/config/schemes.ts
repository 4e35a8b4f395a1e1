/** The settings of a listener that not every scheme takes. */
export const SCHEME_OPTIONS = ['static', 'subprotocols', 'compression', 'tls', 'protocol', 'proxy'] as const;

export type SchemeOption = (typeof SCHEME_OPTIONS)[number];

/** What the scheme of a listener's url says. */
interface Scheme {
  /** What the socket is. */
  readonly transport: 'tcp' | 'udp';
  /** Which of these settings it takes. One that takes `tls` needs it. */
  readonly options: readonly SchemeOption[];
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
    options: ['static', 'subprotocols', 'compression', 'proxy'],
    aliases: ['websocket', 'http'],
  },
  wss: {
    transport: 'tcp',
    options: ['static', 'subprotocols', 'compression', 'tls', 'proxy'],
    note: 'these also answer plain HTTP',
    aliases: ['https'],
  },
  text: { transport: 'tcp', options: ['proxy'], note: 'one line a message' },
  frame: { transport: 'tcp', options: ['proxy'], note: '4-byte length before each message' },
  tcp: { transport: 'tcp', options: ['protocol', 'proxy'], note: 'raw' },
  udp: { transport: 'udp', options: [] },
} as const satisfies Readonly<Record<string, Scheme>>;

export type ListenScheme = keyof typeof TABLE;

export const SCHEMES: Readonly<Record<ListenScheme, Scheme>> = TABLE;

export const LISTEN_SCHEMES: readonly ListenScheme[] = Object.keys(TABLE) as ListenScheme[];

export function schemesTaking(option: SchemeOption): ListenScheme[] {
  return LISTEN_SCHEMES.filter((scheme) => SCHEMES[scheme].options.includes(option));
}

/** For the reference: each with its note. */
export function schemeList(): string {
  return LISTEN_SCHEMES.map((scheme) => {
    const { note } = SCHEMES[scheme];
    return note === undefined ? `\`${scheme}\`` : `\`${scheme}\` (${note})`;
  }).join(', ');
}

/** RFC 6454, 6.2: a scheme, a host, which `file://` has not, and perhaps a port. A pattern's host may begin with `*.`. */
const ORIGIN = /^([a-z][\w+.-]*):\/\/((?:\*\.)?[\w.-]+|\[[\da-f:.]+\]|)(?::(\d{1,5}))?$/i;

/** Ports that browsers leave out, since the scheme says them. */
const DEFAULT_PORTS: Readonly<Partial<Record<string, string>>> = { http: '80', https: '443' };

/** The three parts of an origin, in lower case. */
export interface OriginParts {
  readonly scheme: string;
  /** An IPv6 address is in brackets. */
  readonly host: string;
  /** '' for the scheme's own. */
  readonly port: string;
}

/** The parts of an origin, or of a pattern; undefined for what is neither: `null`, several in one header. */
export function parseOrigin(text: string): OriginParts | undefined {
  const found = ORIGIN.exec(text);
  if (found === null) return undefined;
  const scheme = found[1].toLowerCase();
  const port = (found[3] as string | undefined) ?? '';
  return { scheme, host: found[2].toLowerCase(), port: port === DEFAULT_PORTS[scheme] ? '' : port };
}

/** Whether it may stand in a listener's `origins`. */
export function isOriginPattern(text: string): boolean {
  return text === '*' || text === 'null' || parseOrigin(text) !== undefined;
}

import { GatewayError } from './gateway-error.js';
import type { Address } from './options.js';

/** In full, with a websocket's scheme. @throws GatewayError GW_ARGUMENT */
export function address(given: Address): string {
  const { location } = globalThis as { location?: { readonly href: string } };
  const text = typeof given === 'string' ? given : given.href;
  let url: URL | undefined;
  try {
    url = new URL(text, location?.href);
  } catch {}
  const found = url?.href.replace(/^http/, 'ws').replace(/#.*/, '') ?? '';
  if (/^wss?:/.test(found)) return found;
  throw new GatewayError(
    'GW_ARGUMENT',
    `${JSON.stringify(text)} is no address of a gateway; expected one as wss://example.com/chat, or in a page its path.`,
  );
}

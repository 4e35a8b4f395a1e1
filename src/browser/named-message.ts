import { GatewayError } from './gateway-error.js';

/*
 * A named message is a JSON text:
 *
 *   {"event":"said","data":…}                an event
 *   {"id":7,"event":"join","data":…}         a request, by either side
 *   {"id":7,"data":…}                        its answer
 *   {"id":7,"error":{"code","message"}}      its refusal; that of an event has no id
 *
 * Where there are bytes in its data, it is a binary message of several parts, the text first, with {"_placeholder":true,"num":0}
 * in place of what is in the part behind it:
 *
 *   ┌────────────┬──────┬────────────┬───────┬─
 *   │ length u32 │ text │ length u32 │ bytes │ …
 *   └────────────┴──────┴────────────┴───────┴─
 */

/** What comes: any of these may be missing, or something else. */
export interface Incoming {
  readonly hello?: { readonly id: string };
  readonly id?: number;
  readonly event?: string;
  readonly data?: unknown;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly path?: string;
    readonly event?: string;
  };
}

/** @throws GatewayError GW_ARGUMENT for what JSON cannot hold */
export function encode(message: object): string | ArrayBuffer {
  const attachments: Uint8Array[] = [];
  let text: string;
  try {
    text = JSON.stringify(message, function replace(this: Record<string, unknown>, key, value: unknown) {
      // not `value`, of which a toJSON may have made something else
      const bytes = bytesIn(this[key]);
      return bytes === undefined ? value : { _placeholder: true, num: attachments.push(bytes) - 1 };
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new GatewayError('GW_ARGUMENT', `The data cannot be sent: ${why}`);
  }
  return attachments.length === 0 ? text : join([new TextEncoder().encode(text), ...attachments]);
}

/** @returns undefined for what is no JSON object, and no parts of which the first is one */
export function decode(data: string | ArrayBuffer): Incoming | undefined {
  try {
    const value: unknown = typeof data === 'string' ? JSON.parse(data) : decodeParts(data);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function decodeParts(data: ArrayBuffer): unknown {
  const [text, ...attachments] = split(data);
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text), (_, value: unknown) => {
    const { _placeholder, num } = (value ?? {}) as { _placeholder?: unknown; num?: number };
    return (_placeholder === true && attachments[num as number]) || value;
  });
}

/** @throws TypeError for a Blob, whose bytes only a promise has */
function bytesIn(value: unknown): Uint8Array | undefined {
  // not everything that has websockets has these
  if (globalThis.Blob && value instanceof Blob) {
    throw new TypeError(
      `expected its bytes instead of a ${value.constructor.name}: await blob.arrayBuffer().`,
    );
  }
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined;
}

function join(parts: readonly Uint8Array[]): ArrayBuffer {
  const message = new Uint8Array(parts.reduce((sum, { length }) => sum + 4 + length, 0));
  const view = new DataView(message.buffer);
  let at = 0;
  for (const part of parts) {
    view.setUint32(at, part.length);
    message.set(part, at + 4);
    at += 4 + part.length;
  }
  return message.buffer;
}

/** @throws RangeError when a part is not whole */
function split(data: ArrayBuffer): Uint8Array[] {
  const view = new DataView(data);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < data.byteLength; ) {
    const part = new Uint8Array(data, at + 4, view.getUint32(at));
    parts.push(part);
    at += 4 + part.length;
  }
  return parts;
}

import type { Problem } from './problem.js';
import { isRecord } from './record.js';

/** Keys whose value is the path of a file. */
const FILES = ['cert', 'key', 'ca'] as const;

/** What JSON Schema cannot say of a listener's `tls`. @param key what the configuration calls it */
export function* tlsProblems(tls: Record<string, unknown>, key: string): Generator<Problem> {
  yield* pasted(tls, key);
  const { sni, requestCert, ca, rejectUnauthorized } = tls;
  if (Array.isArray(sni)) {
    for (const [index, pair] of sni.entries())
      if (isRecord(pair)) yield* pasted(pair, `${key}.sni[${index}]`);
  }
  if (requestCert === true && ca === undefined) {
    const text =
      'missing, expected the file of the authority that signs the certificates of clients: requestCert is true';
    yield { key: `${key}.ca`, text };
  }
  if (requestCert === true) return;
  for (const [name, value] of Object.entries({ ca, rejectUnauthorized })) {
    if (value === undefined) continue;
    const text =
      'found without requestCert: true, expected both or none: clients are asked for no certificate';
    yield { key: `${key}.${name}`, text };
  }
}

/** A certificate or key itself would be looked for as a file, and be shown in the error. */
export function* pasted(pair: Record<string, unknown>, key: string): Generator<Problem> {
  for (const name of FILES) {
    const value = pair[name];
    if (typeof value !== 'string' || !value.includes('-----BEGIN')) continue;
    yield { key: `${key}.${name}`, text: 'found PEM text, expected the path of a file that has it' };
  }
}

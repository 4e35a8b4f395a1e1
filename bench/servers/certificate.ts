import { fileURLToPath } from 'node:url';

/** For servers that are spoken to by TLS. Nobody checks it. */
export const certificate = {
  cert: fileURLToPath(new URL('../../test/fixtures/test-only-cert.pem', import.meta.url)),
  key: fileURLToPath(new URL('../../test/fixtures/test-only-key.pem', import.meta.url)),
} as const;

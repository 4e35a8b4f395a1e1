import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { parseArgs } from 'node:util';

/*
 * What the servers of this folder have in common: how they are told what to do, and how they say that they are up.
 * `node <server>.js [--cert FILE --key FILE] [--compression]`
 */

const {
  values: { cert, key, compression },
} = parseArgs({
  options: {
    cert: { type: 'string' },
    key: { type: 'string' },
    compression: { type: 'boolean', default: false },
  },
});

/** Whether clients that offer it are sent compressed messages. */
export const perMessageDeflate = compression;

/** Where the websockets come in: HTTP, or HTTPS when there is a certificate. */
export const httpServer =
  cert === undefined ? createServer() : createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) });

/** Tells whoever forked this process the port. */
export function listen() {
  httpServer.listen({ host: '127.0.0.1', port: 0, backlog: 1024 }, () =>
    process.send({ port: httpServer.address().port }),
  );
}

process.on('disconnect', () => process.exit());

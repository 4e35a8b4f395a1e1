import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

/*
 * What the servers of this folder have in common: how they are told what to do, and how they say that they are up.
 * `node <server>.js [cert key]`
 */

const [cert, key] = process.argv.slice(2);

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

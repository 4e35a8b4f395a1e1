import { connect, createServer } from 'node:net';
import { pipeline } from 'node:stream';

/** Runs on a host of its own network namespace: see NamespaceDoor. Arguments: the socket's path, host and port. */

const [path, host, port] = process.argv.slice(2);

const server = createServer({ allowHalfOpen: true }, (near) => {
  const far = connect({ host, port: Number(port), allowHalfOpen: true });
  // whatever ends one ends the other
  pipeline(near, far, () => {});
  pipeline(far, near, () => {});
});
server.listen(path, () => process.send?.('open'));
process.on('disconnect', () => process.exit());

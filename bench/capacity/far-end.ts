import { parseArgs } from 'node:util';
import { Backbone } from '#src/backbone/backbone.js';
import { systemClock } from '#src/base/clock.js';
import { createLogger } from '#src/base/log.js';
import type { LinkInterest } from '#src/cluster/gateway-interest.js';
import { Interests } from '#src/cluster/interests.js';
import { RegisterServer } from '#src/register/register-server.js';
import { Command } from '#src/wire/command.js';
import { INTEREST_FEATURE } from '#src/wire/worker-connect.js';
import { sendToUid } from '../micro/interest.js';
import { openGateway } from './bare-gateway.js';
import { BUFFER_SIZE, PING_INTERVAL, PREFIX, groupNames } from './cell-settings.js';
import { dialAsWorker } from './worker-link.js';

/**
 * The process that is measured: a gateway's inner port without clients, a Register, workers of as many nodes as it is told
 * that follow what a gateway has, or a cell at the NATS server that is named. It says a port to who forked it.
 */

async function openRegister(): Promise<number> {
  const register = await RegisterServer.open({
    listen: '127.0.0.1:0',
    secretKey: '',
    clock: systemClock,
    log: createLogger({ level: 'silent', destination: { write() {} } }),
  });
  return register.port;
}

/** Each keeps what it is told, as a node of its own does. Resolves when all have been told. */
async function follow(port: number, count: number): Promise<number> {
  await Promise.all(
    Array.from({ length: count }, async (_, number) => {
      let interest: LinkInterest | undefined;
      await new Promise<void>((resolve, reject) => {
        dialAsWorker(port, `far-${number}:0`, [INTEREST_FEATURE], (frame) => {
          if (frame.command !== Command.INTEREST) return;
          interest?.received(frame);
          resolve();
        }).then((link) => {
          const interests = new Interests();
          interest = interests.open({ ip: 1, port }, ({ bytes }) => void link.sendBytes(bytes));
          interests.namesOf(sendToUid('user-1'));
        }, reject);
      });
    }),
  );
  return port;
}

/** A gateway that is a cell by itself. It follows what clients in all of {@link groupNames} would have it follow. */
async function openCell(server: string): Promise<number> {
  const gateway = await openGateway();
  const backbone = await Backbone.load({
    config: { servers: [server], name: 'far', prefix: PREFIX, events: [] },
    node: 'far-end',
    gateway,
    isInMesh: () => false,
    bufferSize: BUFFER_SIZE,
    pingInterval: PING_INTERVAL,
    clock: systemClock,
    log: createLogger({ level: 'silent', destination: { write() {} } }),
  });
  for (const name of groupNames()) {
    for (const listener of gateway.directory.listeners) listener.added('group', name);
  }
  await backbone.join();
  return gateway.inner.address.port;
}

const { positionals } = parseArgs({ allowPositionals: true });
const [role, where, count] = positionals;
const open = {
  register: openRegister,
  gateway: async () => (await openGateway()).inner.address.port,
  followers: async () => await follow(Number(where), Number(count)),
  cell: async () => await openCell(where),
}[role];
process.send?.(await open?.());
process.on('disconnect', () => process.exit(0));

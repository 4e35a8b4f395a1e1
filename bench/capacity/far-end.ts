import { parseArgs } from 'node:util';
import { systemClock } from '#src/base/clock.js';
import { createLogger } from '#src/base/log.js';
import type { LinkInterest } from '#src/cluster/gateway-interest.js';
import { Interests } from '#src/cluster/interests.js';
import { RegisterServer } from '#src/register/register-server.js';
import { Command } from '#src/wire/command.js';
import { INTEREST_FEATURE } from '#src/wire/worker-connect.js';
import { sendToUid } from '../micro/interest.js';
import { openGateway } from './bare-gateway.js';
import { dialAsWorker } from './worker-link.js';

/**
 * The process that is measured: a gateway's inner port without clients, a Register, or workers of as many nodes as it is
 * told that follow what a gateway has. It says a port to who forked it.
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

const { positionals } = parseArgs({ allowPositionals: true });
const [role, port, count] = positionals;
const open = {
  register: openRegister,
  gateway: async () => (await openGateway()).inner.address.port,
  followers: async () => await follow(Number(port), Number(count)),
}[role];
process.send?.(await open?.());
process.on('disconnect', () => process.exit(0));

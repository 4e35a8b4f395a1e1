import { fanOutSocketIo } from './fan-out.js';
import { idleMemory } from './idle-memory.js';
import { type Scenario, holds, plainStart, serverCpu } from './scenario.js';

/* Clients of Socket.IO, who are served by its own server and by ours. */

const CLIENTS = 100;
const options = { ...plainStart, socketIo: true };

function speaking(scenario: Scenario): Scenario {
  return {
    ...scenario,
    options,
    hasCeiling: false,
    fullOnly: true,
    admits: (contestant, effort) => contestant.speaksSocketIo && scenario.admits(contestant, effort),
  };
}

export const socketIoFanOut = speaking(fanOutSocketIo);

/** Each message is an event that wants its answer. */
export const socketIoEcho = speaking({
  name: 'socket-io-echo',
  title: `events of ${CLIENTS} clients of Socket.IO that are answered, 16 in flight`,
  figures: [{ key: 'perSecond', title: 'a second', unit: 'k/s' }, serverCpu],
  hasCeiling: false,
  fullOnly: true,
  options,
  admits: holds(CLIENTS),
  run: async ({ server, load, effort: { warmUp, duration } }) => {
    const target = { ...server.target, dialect: 'socketIoAsking' } as const;
    const order = { scenario: 'echo', target, clients: CLIENTS, idleClients: 0, inFlight: 16 } as const;
    return await load.run({ ...order, warmUp, duration });
  },
});

export const socketIoIdle = speaking(
  idleMemory('socket-io-idle', 'memory of an idle client of Socket.IO', false),
);

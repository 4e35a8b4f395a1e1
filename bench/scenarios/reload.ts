import { seconds } from '../load/window.js';
import { type Scenario, holds, plainStart } from './scenario.js';

const CLIENTS = 100;
const IN_FLIGHT = 1;
/** Of what it can with messages that come one by one, as they do then. */
const SHARE = 0.5;
/** Seconds between two reloads. */
const PAUSE = 1;

/** What clients notice of reloads while the server does half of what it can: nothing is lost, but how long does it take? */
export const reload: Scenario = {
  name: 'reload',
  title: `echo, ${CLIENTS} clients, at half of what it can, while the code is reloaded again and again`,
  figures: [
    { key: 'slowest', title: 'all within', unit: 'ms' },
    { key: 'p99', title: '99 % within', unit: 'ms' },
    { key: 'perSecond', title: 'a second', unit: 'k/s' },
  ],
  hasCeiling: false,
  fullOnly: true,
  options: plainStart,
  admits: (contestant, effort) => contestant.reloads && holds(CLIENTS)(contestant, effort),
  async run({ server, load, effort: { warmUp, duration } }) {
    const { target } = server;
    const crowd = { target, clients: CLIENTS, idleClients: 0, inFlight: IN_FLIGHT };
    const most = await load.run({ scenario: 'echo', ...crowd, warmUp, duration });
    const steady = load.run({
      scenario: 'paced-echo',
      target,
      clients: CLIENTS,
      rate: most.perSecond * SHARE,
      warmUp,
      duration,
    });
    let over = false;
    const reloadAgainAndAgain = async (): Promise<number> => {
      await seconds(warmUp);
      for (let reloads = 0; ; reloads++) {
        if (over) return reloads;
        await server.reload();
        await seconds(PAUSE);
      }
    };
    const [figures, reloads] = await Promise.all([
      steady.finally(() => (over = true)),
      reloadAgainAndAgain(),
    ]);
    return { ...figures, reloads };
  },
};

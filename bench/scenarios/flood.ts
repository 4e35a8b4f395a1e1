import { type Scenario, holds, plainStart } from './scenario.js';

const NEIGHBOURS = 20;
/** Messages a second, all neighbours together: little for any server. */
const RATE = 1000;
const MESSAGES = 300_000;

/** Whether one client that sends without end is a matter between it and the server, or everybody's. */
export const flood: Scenario = {
  name: 'flood',
  title: `one client sends ${MESSAGES} messages at once, beside ${NEIGHBOURS} who send ${RATE} a second`,
  figures: [
    { key: 'slowest', title: 'neighbours: all within', unit: 'ms' },
    { key: 'p99', title: '99 % within', unit: 'ms' },
    { key: 'perSecond', title: 'flood: a second', unit: 'k/s' },
    { key: 'growth', title: 'memory grows by', unit: 'KB' },
  ],
  hasCeiling: false,
  fullOnly: true,
  options: plainStart,
  admits: holds(NEIGHBOURS + 1),
  run: async ({ server: { target }, load, effort: { warmUp } }) =>
    await load.run({
      scenario: 'flood',
      target,
      neighbours: NEIGHBOURS,
      rate: RATE,
      messages: MESSAGES,
      warmUp,
    }),
};

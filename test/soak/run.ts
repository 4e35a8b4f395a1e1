import { parseArgs } from 'node:util';
import { ChaosStorm } from '../support/chaos-storm.js';

/*
 * `npm run soak`: what test/chaos/chaos.test.ts does, for as long as one likes. A line every ten seconds, and the same at
 * the end. Exit status 0: nothing was lost that need not be, doubled, reordered, damaged or disconnected.
 */

const PERIOD = 10_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    clients: { type: 'string', default: '200' },
    rate: { type: 'string', default: '20' },
  },
});
const options = {
  seed: positive('seed'),
  seconds: positive('minutes') * 60,
  clients: positive('clients'),
  rate: positive('rate'),
};

function positive(name: keyof typeof values): number {
  const value = Number(values[name]);
  if (!(value > 0)) {
    process.stderr.write(`--${name} is ${values[name]}; expected a number above 0\n`);
    process.exit(2);
  }
  return value;
}

const storm = await ChaosStorm.start(options);
const began = performance.now();
say('started', options);
const reports = setInterval(() => {
  // what has no answer yet is not lost
  const { lost: waiting, ...report } = storm.report;
  say(`${Math.round((performance.now() - began) / 1000)} s`, { ...report, waiting, ...memory() });
}, PERIOD);
try {
  await storm.rage();
  storm.check();
  say('passed', storm.report);
} catch (error) {
  say('FAILED', storm.report);
  process.stderr.write(`${(error as Error).message}\nRepeat it with --seed ${options.seed}\n`);
  process.exitCode = 1;
} finally {
  clearInterval(reports);
  await storm.stop();
}

function memory(): object {
  return { megabytes: Math.round(process.memoryUsage.rss() / 2 ** 20) };
}

function say(what: string, figures: object): void {
  const fields = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
  process.stdout.write(`${what}: ${fields.join(', ')}\n`);
}

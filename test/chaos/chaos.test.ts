import { describe, it } from 'node:test';
import { ChaosStorm } from '../support/chaos-storm.js';

/** CHAOS_SEED repeats a run. */
const SEED = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);

describe('chaos', () => {
  it(`reloads, dying and blocked workers, full rings, slow clients and long messages, under load (CHAOS_SEED=${SEED})`, async (t) => {
    const storm = await ChaosStorm.start({ seed: SEED, seconds: 10, clients: 100, rate: 20 });
    t.after(() => storm.stop());
    await storm.rage();
    t.diagnostic(JSON.stringify(storm.report));
    storm.check();
  });
});

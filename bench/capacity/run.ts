import { measureBackbone } from './backbone.js';
import { measureInnerLinks } from './inner-links.js';
import { measureInterest } from './interest.js';
import { measureRegisters } from './registers.js';

/*
 * What docs/capacity.md counts with: `npm run build:all && node dist-bench/capacity/run.js`. Linux only; some 3000
 * open files (ulimit -n).
 */

for (const measure of [measureInnerLinks, measureInterest, measureRegisters, measureBackbone]) {
  for (const line of await measure()) process.stdout.write(`${line}\n`);
}
process.exit(0);

import { Cells } from '../support/cells.js';
import { describeApi } from '../support/api-suite.js';

describeApi(
  'the Gateway API, called on node A of one cell, about clients there and at nodes B and C of another one',
  async () =>
    await Cells.start({ eu: ['a'], us: ['b', 'c'] }, { events: 'api', gateway: { pingInterval: 0 } }),
  { oneMesh: false },
);

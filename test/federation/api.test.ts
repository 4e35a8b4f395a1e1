import { Cluster } from '../support/cluster.js';
import { describeApi } from '../support/api-suite.js';

describeApi(
  'the Gateway API, called on node A, about clients of nodes A, B and C',
  async () => await Cluster.start(['a', 'b', 'c'], { events: 'api', gateway: { pingInterval: 0 } }),
  { oneMesh: true },
);

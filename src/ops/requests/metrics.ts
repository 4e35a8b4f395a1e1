import { type Metric, labelled } from '../../metrics/metric.js';
import { MetricList } from '../../metrics/metric-list.js';
import type { RequestEntry } from './request-entry.js';
import { addCluster } from './status-metrics.js';

const args = {};

/** `{"command":"metrics"}`: all Metrics. */
export const metricsRequest: RequestEntry<typeof args, readonly Metric[]> = {
  args,
  changes: false,
  ofNode: (node) => node.metrics(),

  // each of a member's has its name as the label `node`; one that does not answer is down, and the others are told all the same
  async ofGroup(group) {
    const all = await Promise.all(
      group.members.map(async (member) => {
        const metrics = await member.answerTo({ command: 'metrics' });
        const own = new MetricList();
        own.add('gatewayworker_member_up', {}, Number(metrics !== undefined));
        own.add('gatewayworker_member_restarts_total', {}, member.restarts);
        return [member.name, [...(metrics ?? []), ...own.metrics]] as const;
      }),
    );
    const { name, cluster } = group.facts();
    const hosted = new MetricList();
    if (cluster !== undefined) addCluster(hosted, cluster);
    return labelled([...all, [name, hosted.metrics]], 'node');
  },
};

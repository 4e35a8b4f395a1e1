import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { CATALOGUE } from '#src/metrics/catalogue.js';
import { configFolder } from '../support/config-folder.js';
import { readDocument } from '../support/documents.js';
import { ROOT } from '../support/package-project.js';

const ALERTS = join(ROOT, 'docs/monitoring/alerts.yml');

/** The metrics that expressions name. */
function named(expressions: string): Set<string> {
  return new Set(
    Array.from(expressions.matchAll(/\b(?:gatewayworker|process)_[a-z_]+/g), ([name]) =>
      Object.hasOwn(CATALOGUE, name) ? name : name.replace(/_(?:bucket|sum|count)$/, ''),
    ).filter((name) => name !== 'gatewayworker'),
  );
}

function promtool(...args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync('promtool', args, { encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

/** What Prometheus has read, for a test of its rules. */
function series(name: string, labels: string, values: string): string {
  return `      - { series: 'gatewayworker_${name}{instance="a",${labels}}', values: '${values}' }`;
}

/** Expects that a rule is silent at that time. */
function silent([alert, at]: readonly [alert: string, at: string]): string {
  return `
      - { alertname: ${alert}, eval_time: ${at}, exp_alerts: [] }`;
}

describe('docs/monitoring/alerts.yml', () => {
  const text = readDocument('docs/monitoring/alerts.yml');

  it('has rules that Prometheus takes, about metrics that there are', () => {
    assert.match(promtool('check', 'rules', ALERTS), /SUCCESS: 17 rules found/);
    for (const name of named(text)) assert.ok(Object.hasOwn(CATALOGUE, name), name);
  });

  it('says so when something is wrong, and nothing before', async (t) => {
    const folder = await configFolder(t);
    const checks = `
rule_files: [${ALERTS}]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
${series('worker_up', 'worker="0"', '1x5 0x30')}
${series('worker_queue_age_seconds', 'worker="0"', '0x5 20x30')}
${series('event_loop_active_seconds_total', 'thread="main"', '0+30x15 480+58x30')}
${series('lost_total', 'cause="worker died"', '0x10 3x20')}
${series('worker_restarts_total', 'worker="0"', '0x10 1 2 3x20')}
${series('gateway_link_up', 'gateway="b",peer="b"', '1x5 0x30')}
${series('backbone_up', 'cell="eu"', '1x5 0x30')}
${series('backbone_lost_total', 'other="us"', '0x10 3x20')}
${series('event_errors_total', 'worker="0"', '0x10 0+5x20')}
${series('events_handled_total', 'worker="0"', '0+100x30')}
${series('certificate_expiry_time_seconds', 'listener="l"', '1210000x30')}
    alert_rule_test:`;
    await writeFile(
      join(folder, 'quiet.yml'),
      checks +
        (
          [
            ['GatewayWorkerWorkerDown', '5m'],
            ['GatewayWorkerEventsWait', '5m'],
            ['GatewayWorkerMainThreadBusy', '15m'],
            ['GatewayWorkerLoses', '5m'],
            ['GatewayWorkerThreadsDie', '10m'],
            ['GatewayWorkerLinkDown', '5m'],
            ['GatewayWorkerBackboneDown', '5m'],
            ['GatewayWorkerBackboneLoses', '5m'],
            ['GatewayWorkerHandlersFail', '10m'],
            ['GatewayWorkerCertificateExpires', '0m'],
          ] as const
        )
          .map(silent)
          .join(''),
    );
    promtool('test', 'rules', join(folder, 'quiet.yml'));
    for (const rule of [
      ['GatewayWorkerWorkerDown', '8m'],
      ['GatewayWorkerEventsWait', '9m'],
      ['GatewayWorkerMainThreadBusy', '32m'],
      ['GatewayWorkerLoses', '12m'],
      ['GatewayWorkerThreadsDie', '16m'],
      ['GatewayWorkerLinkDown', '9m'],
      ['GatewayWorkerBackboneDown', '9m'],
      ['GatewayWorkerBackboneLoses', '12m'],
      ['GatewayWorkerHandlersFail', '25m'],
      ['GatewayWorkerCertificateExpires', '20m'],
    ] as const) {
      await writeFile(join(folder, 'loud.yml'), checks + silent(rule));
      const { stdout, stderr, status } = spawnSync('promtool', ['test', 'rules', join(folder, 'loud.yml')], {
        encoding: 'utf8',
      });
      assert.equal(status, 1, rule[0]);
      assert.match(stdout + stderr, new RegExp(`got:\\[[^]*alertname="${rule[0]}"`), rule[0]);
    }
  });
});

describe('docs/monitoring/dashboard.json', () => {
  interface Panel {
    readonly title: string;
    readonly targets?: ReadonlyArray<{ readonly expr: string }>;
  }
  const { panels } = JSON.parse(readDocument('docs/monitoring/dashboard.json')) as {
    panels: readonly Panel[];
  };
  const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

  it('asks what Prometheus understands, about metrics that there are', async (t) => {
    const folder = await configFolder(t);
    const rules = expressions.map((expr, index) => {
      const filled = expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$(?:instance|node)\b/g, '.*');
      return { record: `panel:${index}`, expr: filled };
    });
    // YAML reads JSON
    const file = join(folder, 'panels.yml');
    await writeFile(file, JSON.stringify({ groups: [{ name: 'panels', rules }] }));
    assert.match(promtool('check', 'rules', file), new RegExp(`SUCCESS: ${expressions.length} rules found`));
    for (const name of named(expressions.join('\n'))) assert.ok(Object.hasOwn(CATALOGUE, name), name);
  });

  it('shows nearly everything', () => {
    const shown = named(expressions.join('\n'));
    assert.deepEqual(
      Object.keys(CATALOGUE).filter((name) => !shown.has(name)),
      [
        'gatewayworker_info',
        'process_start_time_seconds',
        'process_cpu_seconds_total',
        'gatewayworker_certificate_expiry_time_seconds',
        'gatewayworker_metrics_refused_total',
        'gatewayworker_register_gateways',
        'gatewayworker_register_workers',
        'gatewayworker_gateway_link_spared_total',
        'gatewayworker_inner_refused_total',
      ],
    );
  });
});

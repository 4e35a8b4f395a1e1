import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NON_CONFIG_VARIABLES } from '#src/config/environment.js';
import { loadConfig } from '#src/config/load.js';
import { configFolder, loadJson, refusal } from '../support/config-folder.js';

describe('environment variables', () => {
  it('override the file, each read by the type of its key', async (test) => {
    const file = {
      name: 'file',
      gateway: { pingInterval: 1, pingData: 'a', lanPort: 3000 },
      worker: { count: 1 },
    };
    const { config } = await loadJson(test, file, {
      GW_NAME: '42',
      GW_GATEWAY_PINGINTERVAL: '0.5',
      GW_GATEWAY_PINGDATA: '',
      GW_GATEWAY_LISTEN: '[{"url":"ws://0.0.0.0:9000"}]',
      GW_WORKER_COUNT: '4',
      GW_LOG_LEVEL: 'silent',
      HOME: '/root',
    });
    assert.ok(config.gateway && config.worker);
    assert.equal(config.name, '42');
    assert.equal(config.gateway.pingInterval, 0.5);
    assert.equal(config.gateway.pingData, '');
    assert.equal(config.gateway.lanPort, 3000, 'what they do not name stays');
    assert.deepEqual(config.gateway.listen, [{ url: 'ws://0.0.0.0:9000' }]);
    assert.equal(config.worker.count, 4);
    assert.equal(config.log.level, 'silent');
  });

  it('work without a file, and a key refines its object in any order', async (test) => {
    const cwd = await configFolder(test);
    const env = {
      GW_GATEWAY_LANPORT: '3001',
      GW_GATEWAY: '{"lanPort":1,"lanIp":"10.0.0.1"}',
      GW_WORKER: 'false',
      GW_CLUSTER_SECRETKEY: 'hunter2',
      GW_CLUSTER_REGISTERADDRESS: '["10.0.0.2:1236","register:1236"]',
    };
    const { config } = await loadConfig({ cwd, env });
    assert.equal(config.cluster.secretKey, 'hunter2');
    assert.deepEqual(config.cluster.registerAddress, ['10.0.0.2:1236', 'register:1236']);
    assert.ok(config.gateway);
    assert.equal(config.gateway.lanPort, 3001);
    assert.equal(config.gateway.lanIp, '10.0.0.1');
    assert.equal(config.worker, false);
  });

  it('that are no configuration are left alone', async (test) => {
    const env = Object.fromEntries(NON_CONFIG_VARIABLES.map((name) => [name, '1']));
    assert.ok(NON_CONFIG_VARIABLES.includes('GW_SEED'));
    const { config, warnings } = await loadJson(test, { name: 'a' }, env);
    assert.deepEqual([config.name, warnings], ['a', []]);
  });

  it('that name no key are warned of, since others may use the prefix, and are not shown', async (test) => {
    const unknown = 'names no key of the configuration and changes nothing';
    const { config, warnings } = await loadJson(
      test,
      { name: 'a' },
      { GW_WORKER_COUNTS: '4', GW_COLOUR: 'hunter2' },
    );
    assert.ok(config.worker);
    assert.deepEqual(warnings, [
      `the environment variable GW_WORKER_COUNTS ${unknown}; did you mean GW_WORKER_COUNT?`,
      `the environment variable GW_COLOUR ${unknown}`,
    ]);
  });

  it('of Kubernetes for services called gw, gw-gateway and so on change nothing', async (test) => {
    const names = ['', 'GATEWAY_', 'WORKER_', 'REGISTER_', 'CLUSTER_', 'LOG_', 'NAME_'].flatMap((service) => [
      `GW_${service}SERVICE_HOST`,
      `GW_${service}SERVICE_PORT`,
      `GW_${service}SERVICE_PORT_HTTP`,
      `GW_${service}PORT`,
      ...['', '_PROTO', '_PORT', '_ADDR'].map((end) => `GW_${service}PORT_80_TCP${end}`),
    ]);
    const env = Object.fromEntries(names.map((name) => [name, 'tcp://10.0.0.1:80']));
    const cwd = await configFolder(test);
    const { config, warnings } = await loadConfig({ cwd, env });
    assert.equal(warnings.length, names.length);
    assert.deepEqual(config, (await loadConfig({ cwd, env: {} })).config);
  });

  const refused: ReadonlyArray<readonly [env: Record<string, string>, line: string]> = [
    [
      { GW_WORKER_COUNT: 'four' },
      'worker.count (from GW_WORKER_COUNT): found "four", expected a whole number of threads from 1 to 256',
    ],
    [
      { GW_WORKER_COUNT: '' },
      'worker.count (from GW_WORKER_COUNT): found "", expected a whole number of threads from 1 to 256',
    ],
    [
      { GW_GATEWAY_LISTEN: 'ws://x' },
      'GW_GATEWAY_LISTEN: found "ws://x", which is not JSON; expected a list with at least one entry, as JSON, for gateway.listen',
    ],
    [
      { GW_GATEWAY_LISTEN: '{"tls":{"key":"hunter2"' },
      'GW_GATEWAY_LISTEN: found a hidden value, which is not JSON; expected a list with at least one entry, as JSON, for gateway.listen',
    ],
    [
      { GW_CLUSTER_REGISTERADDRESS: '10.0.0.1:1236' },
      'GW_CLUSTER_REGISTERADDRESS: found "10.0.0.1:1236", which is not JSON; expected a list such as ["10.0.0.1:1236"], as JSON, for cluster.registerAddress',
    ],
    [
      { GW_CLUSTER: '{"secretKey":"hunter2' },
      'GW_CLUSTER: found a hidden value, which is not JSON; expected an object, as JSON, for cluster',
    ],
    [
      { GW_CLUSTER_ALLOWWITHOUTSECRETKEY: 'yes' },
      'GW_CLUSTER_ALLOWWITHOUTSECRETKEY: found "yes", which is not JSON; expected true or false, as JSON, for cluster.allowWithoutSecretKey',
    ],
    [
      { GW_WORKER: 'false', GW_WORKER_COUNT: '2' },
      'GW_WORKER_COUNT: sets worker.count, but worker is false: set one or the other',
    ],
    [
      { GW_WORKER: '7', GW_WORKER_COUNT: '2' },
      'worker (from GW_WORKER): found 7, expected an object or false',
    ],
  ];
  for (const [env, line] of refused) {
    it(`are refused: ${Object.entries(env).join(' ').replaceAll(',', '=')}`, async (test) => {
      const cwd = await configFolder(test);
      assert.equal(await refusal(loadConfig({ cwd, env })), `The environment has 1 problem:\n  ${line}`);
    });
  }

  it('are reported together with the problems of the file', async (test) => {
    const message = await refusal(loadJson(test, { colour: 1 }, { GW_WORKER_COUNT: 'x' }));
    assert.match(message, /has 2 problems:/);
    assert.match(message, /^ {2}colour: /m);
    assert.match(message, /^ {2}worker\.count \(from GW_WORKER_COUNT\): /m);
  });
});

import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { describe, it, type TestContext } from 'node:test';
import { loadConfig } from '#src/config/load.js';
import { checkGroup, memberConfig, registerConfig } from '#src/ops/group/member-config.js';
import { configFolder } from '../../support/config-folder.js';
import { groupConfig } from '../../support/group-config.js';

describe('the configuration of a group', () => {
  it('is one that several nodes can share', () => {
    checkGroup(groupConfig({ lanPort: 65_533 }), 3);
    checkGroup(groupConfig({ lanPort: 0 }), 64);
    const wrong: readonly (readonly [config: ReturnType<typeof groupConfig>, message: RegExp])[] = [
      [groupConfig({ lanPort: 65_534 }), /^--nodes 3 .*lanPort is 65534; expected at most 65533, since each/],
      [
        groupConfig({}, { gateway: false, worker: false }),
        /gateway and worker are both false; expected a role/,
      ],
      [
        groupConfig({}, { register: false }),
        /register is false and .*registerAddress is empty; expected a R/,
      ],
    ];
    for (const [config, message] of wrong) {
      assert.throws(() => checkGroup(config, 3), { code: 'GW_CONFIG', message });
    }
  });

  it('leaves the Register to others where they host it', () => {
    const cluster = { secretKey: 'secret', registerAddress: ['10.0.0.2:1236'] };
    const config = groupConfig({}, { register: false, cluster });
    checkGroup(config, 3);
    assert.equal(registerConfig(config), undefined);
    const member = memberConfig(config, 2, cluster.registerAddress);
    assert.deepEqual(member.cluster, config.cluster);
  });

  it('can be one of workers alone', () => {
    const config = groupConfig({}, { gateway: false });
    checkGroup(config, 3);
    const { name, gateway, worker } = memberConfig(config, 1, ['127.0.0.1:1236']);
    assert.deepEqual([name, gateway, worker], ['chat#1', false, config.worker]);
  });

  it('is named after its inner ports when it has no name', () => {
    assert.match(memberConfig(groupConfig({}, { name: '' }), 1, []).name, /^.+:2900#1$/);
    const { name } = memberConfig(groupConfig({ lanPort: 0 }, { name: '' }), 1, []);
    assert.ok(name.endsWith(`:${process.pid}#1`));
  });
});

describe('the default of worker.count', () => {
  const cores = availableParallelism();

  it('shares the cores among the nodes, each with its main thread', async (test) => {
    assert.equal(await countOf(test, 1, '{}'), Math.max(1, cores - 1));
    assert.equal(await countOf(test, 2, '{}'), Math.max(1, Math.floor(cores / 2) - 1));
    assert.equal(await countOf(test, 2, '{ "worker": {} }'), Math.max(1, Math.floor(cores / 2) - 1));
    assert.equal(await countOf(test, 64, '{}'), 1);
  });

  it('is only a default', async (test) => {
    assert.equal(await countOf(test, 2, '{ "worker": { "count": 7 } }'), 7);
    assert.equal(await countOf(test, 2, '{}', { GW_WORKER_COUNT: '5' }), 5);
    assert.equal(await countOf(test, 2, '{ "worker": false }'), false);
    await assert.rejects(countOf(test, 2, '{ "worker": [] }'), { code: 'GW_CONFIG' });
    await assert.rejects(countOf(test, 2, '[]'), { code: 'GW_CONFIG' });
  });
});

async function countOf(test: TestContext, nodes: number, text: string, env = {}): Promise<number | false> {
  const cwd = await configFolder(test, { 'gatewayworker.config.json': text });
  const { config } = await loadConfig({ cwd, env, nodes });
  return config.worker && config.worker.count;
}

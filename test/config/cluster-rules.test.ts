import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isLoopback } from '#src/config/cluster-rules.js';
import { loadJson, refusal } from '../support/config-folder.js';

const secretKey = 'hunter2';

describe('a configuration of a cluster', () => {
  const accepted: ReadonlyArray<readonly [title: string, value: object]> = [
    ['one box', {}],
    ['one box by other loopback addresses', { gateway: { lanIp: '127.0.0.2', innerListen: 'localhost' } }],
    [
      'a node of three',
      { gateway: { lanIp: '10.0.0.1' }, register: { listen: '0.0.0.0:1236' }, cluster: { secretKey } },
    ],
    ['an inner address that is a name', { gateway: { lanIp: 'node_a.lan' }, cluster: { secretKey } }],
    [
      'no secret key where that is asked for',
      { gateway: { lanIp: '10.0.0.1' }, cluster: { allowWithoutSecretKey: true } },
    ],
    ['a node alone, without inner port', { gateway: { lanIp: '10.0.0.1' }, register: false }],
    ['a node alone on 0.0.0.0, which nobody is told', { gateway: { lanIp: '0.0.0.0' }, register: false }],
    [
      'one port at two addresses',
      {
        gateway: {
          listen: [{ url: 'ws://127.0.0.2:2900' }, { url: 'udp://0.0.0.0:1236' }],
          lanIp: '127.0.0.1',
        },
      },
    ],
    ['a gateway', { worker: false, register: false, cluster: { registerAddress: ['127.0.0.1:1236'] } }],
    ['workers', { gateway: false, register: false, cluster: { registerAddress: ['10.0.0.1:1236'] } }],
    ['workers beside a Register', { gateway: false }],
    [
      'a Register',
      { gateway: false, worker: false, register: { listen: '0.0.0.0:1236' }, cluster: { secretKey } },
    ],
  ];
  for (const [title, value] of accepted) {
    it(`may be ${title}`, async (test) => {
      assert.ok((await loadJson(test, value)).config);
    });
  }

  const refused: ReadonlyArray<readonly [title: string, value: object, ...lines: readonly string[]]> = [
    [
      'a port for two purposes',
      { gateway: { listen: [{ url: 'ws://0.0.0.0:1236' }, { url: 'text://127.0.0.1:2900' }] } },
      'gateway.lanPort: found port 2900, expected one of its own: gateway.listen[1].url has the same',
      'register.listen: found port 1236, expected one of its own: gateway.listen[0].url has the same',
    ],
    [
      'an inner port open to others without a secret key',
      { gateway: { lanIp: '10.0.0.1' } },
      'cluster.secretKey: empty, while gateway.lanIp is 10.0.0.1, which other machines can reach; expected a word that every node, worker and GatewayClient shares, or cluster.allowWithoutSecretKey: true where a firewall keeps strangers out',
    ],
    [
      'two doors open without a secret key',
      {
        gateway: { lanIp: '127.0.0.1', innerListen: '0.0.0.0' },
        worker: false,
        register: { listen: 'node-a:1236' },
        cluster: { secretKey: '' },
      },
      'gateway.lanIp: found "127.0.0.1" while register.listen is node-a:1236: workers on other machines would be sent to themselves; expected the address that they reach this gateway at',
      'cluster.secretKey: empty, while gateway.innerListen is 0.0.0.0 and register.listen is node-a:1236, which other machines can reach; expected a word that every node, worker and GatewayClient shares, or cluster.allowWithoutSecretKey: true where a firewall keeps strangers out',
    ],
    [
      'a loopback address told to a Register elsewhere',
      { register: false, cluster: { registerAddress: ['127.0.0.1:1236', '10.0.0.2:1236'], secretKey } },
      'gateway.lanIp: found "127.0.0.1" while cluster.registerAddress has 10.0.0.2:1236: workers on other machines would be sent to themselves; expected the address that they reach this gateway at',
    ],
    [
      'every address as the one that others reach',
      { gateway: { lanIp: '0.0.0.0' }, cluster: { secretKey } },
      'gateway.lanIp: found "0.0.0.0", expected the address that other nodes reach this one at: it is announced to them. To bind the inner port to every address, set gateway.innerListen',
    ],
    [
      'Registers that nobody can dial',
      {
        gateway: { lanIp: '10.0.0.1' },
        cluster: { secretKey, registerAddress: ['0.0.0.0:1236', '10.0.0.1:0'] },
      },
      'cluster.registerAddress[0]: found "0.0.0.0:1236", expected the address that the Register is reached at, such as 10.0.0.1:1236',
      'cluster.registerAddress[1]: found "10.0.0.1:0", expected the address that the Register is reached at, such as 10.0.0.1:1236',
    ],
    [
      'no role',
      { gateway: false, worker: false, register: false },
      'register: found false, as are gateway and worker, which leaves this node nothing to do; expected at least one of the three roles',
    ],
    [
      'a gateway that finds no workers',
      { worker: false, register: false },
      'cluster.registerAddress: found no address, and register is false: this node has the gateway role alone and finds no workers; expected the address of a Register, or register on this node',
    ],
    [
      'workers that find no gateway',
      { gateway: false, register: false },
      'cluster.registerAddress: found no address, and register is false: this node has the worker role alone and finds no gateways; expected the address of a Register, or register on this node',
    ],
  ];
  for (const [title, value, ...lines] of refused) {
    it(`with ${title} is refused`, async (test) => {
      const [, ...found] = (await refusal(loadJson(test, value))).split('\n');
      assert.deepEqual(
        found,
        lines.map((line) => `  ${line}`),
      );
    });
  }

  it('names the variable that a wrong address came from, and never the secret key', async (test) => {
    const env = { GW_GATEWAY_LANIP: '0.0.0.0', GW_CLUSTER_SECRETKEY: secretKey };
    const message = await refusal(loadJson(test, {}, env));
    assert.match(message, /gateway\.lanIp \(from GW_GATEWAY_LANIP\): found "0\.0\.0\.0"/);
    assert.ok(!message.includes(secretKey));
  });

  it('that the schema has refused is still looked at, and nothing is said twice', async (test) => {
    const value = {
      gateway: 7,
      worker: false,
      register: { listen: 7 },
      cluster: { secretKey: 7, registerAddress: [7] },
    };
    const message = await refusal(loadJson(test, value));
    assert.deepEqual(
      message
        .split('\n')
        .slice(1)
        .map((line) => line.trim().split(': ')[0])
        .toSorted(),
      ['cluster.registerAddress[0]', 'cluster.secretKey', 'gateway', 'register.listen'],
    );
  });
});

describe('isLoopback', () => {
  it('knows the addresses that only this machine can reach', () => {
    for (const host of ['127.0.0.1', '127.1.2.3', 'localhost', 'LOCALHOST', '::1'])
      assert.ok(isLoopback(host), host);
    for (const host of ['10.0.0.1', '0.0.0.0', '::', 'localhost.evil', '127.0.0.1.evil', ''])
      assert.ok(!isLoopback(host), host);
  });
});

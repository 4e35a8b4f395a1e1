import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { NodeConfig } from '#src/config/schema.js';
import { GatewayError } from '#src/base/errors.js';
import { createLogger } from '#src/base/log.js';
import type { Metric } from '#src/metrics/metric.js';
import { NodeGroup } from '#src/ops/group/node-group.js';
import type { ConnectionPage } from '#src/ops/requests/connections.js';
import type { NodeStatus } from '#src/ops/requests/status.js';
import { groupConfig } from '../../support/group-config.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { FakeMember } from './fake-member.js';
import { compileError, STATUS } from './fake-node.js';

const NODES = 3;

describe('a group of nodes', { timeout: 20_000 }, () => {
  let clock: ManualClock;
  let processes: FakeMember[];
  let log: string[];
  /** What the group asked of others, in order. */
  let done: string[];
  let registers: NodeConfig[];
  let check: () => Promise<void>;
  /** The configuration of now. */
  let read: () => Promise<NodeConfig>;

  beforeEach(() => {
    clock = new ManualClock();
    processes = [];
    log = [];
    done = [];
    registers = [];
    check = async () => void done.push('compile');
    read = async () => groupConfig();
  });

  function starting(config: NodeConfig = groupConfig(), nodes = NODES): Promise<NodeGroup> {
    return NodeGroup.start({
      config,
      nodes,
      version: '1.2.3',
      logFile: '/var/log/chat.log',
      clock,
      log: createLogger({
        level: 'info',
        destination: { write: (line) => void log.push(JSON.parse(line).msg) },
      }),
      logLosses: () => ({ lost: 0, lastError: null }),
      logTail: () => ({ lines: [], last: 0 }),
      fork: () => {
        const member = new FakeMember();
        processes.push(member);
        return member;
      },
      startRegister: async (own) => {
        registers.push(own);
        return {
          registerAddress: '0.0.0.0:1236',
          status: () => ({
            ...STATUS,
            cluster: { ...STATUS.cluster, register: { address: '0.0.0.0:1236', gateways: [], workers: 3 } },
          }),
          stop: async () => {
            await turn();
            done.push('register stopped');
          },
        };
      },
      check: async () => await check(),
      readConfig: async () => await read(),
    });
  }

  async function started(): Promise<NodeGroup> {
    const group = starting();
    await turn();
    for (const member of processes) member.comesUp();
    return await group;
  }

  /** The member dies and is forked again. */
  async function forkedAgain(member: FakeMember, seconds = 1): Promise<FakeMember> {
    const before = processes.length;
    member.dies(null, 'SIGKILL');
    await turn();
    clock.advance(seconds * 1000);
    await turn();
    assert.equal(processes.length, before + 1);
    return processes[before];
  }

  /** Lets the members that are forked from now on come up, and the restart go on. */
  async function comeUp(count: number): Promise<void> {
    while (processes.length < count) await turn();
    processes[count - 1].comesUp();
    await turn();
  }

  /** Time passes, in which members are checked so many times. */
  async function pass(checks: number): Promise<void> {
    for (let passed = 0; passed < checks; passed++) {
      clock.advance(7500);
      await turn();
    }
  }

  describe('starting', () => {
    it('gives each its name and its inner port, and all the Register of the first process', async () => {
      await started();
      assert.deepEqual(
        registers.map(({ gateway, worker, register }) => [gateway, worker, register]),
        [[false, false, { listen: '0.0.0.0:1236' }]],
      );
      assert.deepEqual(
        processes.map(({ config: { name, gateway, register, cluster } }) => [
          name,
          gateway && gateway.lanPort,
          register,
          cluster.registerAddress,
        ]),
        [
          ['chat#0', 2900, false, ['127.0.0.1:1236']],
          ['chat#1', 2901, false, ['127.0.0.1:1236']],
          ['chat#2', 2902, false, ['127.0.0.1:1236']],
        ],
      );
      const [order] = processes[1].orders;
      assert.equal('logFile' in order && order.logFile, '/var/log/chat.log');
    });

    it('leaves udp ports to the first, and free inner ports free', async () => {
      const config = groupConfig({
        listen: [{ url: 'ws://0.0.0.0:8282' }, { url: 'udp://0.0.0.0:8284' }],
        lanPort: 0,
      });
      const group = starting(config, 2);
      await turn();
      for (const member of processes) member.comesUp();
      await group;
      assert.deepEqual(
        processes.map(({ config: { gateway } }) => gateway && [gateway.lanPort, gateway.listen.length]),
        [
          [0, 2],
          [0, 1],
        ],
      );
    });

    it('is up when all are', async () => {
      let up = false;
      const group = starting().then((value) => {
        up = true;
        return value;
      });
      await turn();
      processes[0].comesUp();
      processes[1].comesUp();
      await turn();
      assert.equal(up, false);
      processes[2].comesUp();
      const { listeners, workers } = await group;
      assert.deepEqual(listeners, ['text://127.0.0.1:8283']);
      assert.equal(workers, 6);
    });

    it('fails with the first that fails, and leaves nothing behind', async () => {
      const group = starting();
      await turn();
      processes[0].comesUp();
      processes[1].says({ event: 'ready' });
      processes[1].says({ event: 'failed', code: 'GW_LISTEN', message: 'port 8283 is in use' });
      processes[1].dies(1);
      await assert.rejects(group, { code: 'GW_LISTEN', message: 'port 8283 is in use' });
      assert.deepEqual(processes[0].node.asked, ['stop false']);
      assert.deepEqual(processes[2].signals, ['SIGKILL']);
      assert.deepEqual(done, ['register stopped']);
      assert.equal(processes.length, NODES);
      assert.equal(clock.timers, 0);
    });

    it('fails when one ends without a word', async () => {
      const group = starting();
      await turn();
      processes[2].dies(null, 'SIGSEGV');
      await assert.rejects(group, {
        code: 'GW_CONTROL',
        message: 'Node chat#2 ended with signal SIGSEGV before it was up: see its log.',
      });
    });
  });

  it('shows itself as one', async () => {
    const group = await started();
    clock.advance(5000);
    const status = await statusOf(group);
    assert.equal(status.connections, 3 * STATUS.connections);
    assert.equal(status.counters.messagesIn, 3 * STATUS.counters.messagesIn);
    assert.deepEqual([status.name, status.pid, status.uptime], ['chat', process.pid, 5]);
    assert.deepEqual(
      status.workers.map(({ member, slot }) => [member, slot]),
      [0, 1, 2].flatMap((member) => [
        [member, 0],
        [member, 1],
      ]),
    );
    assert.deepEqual(
      status.members?.map(({ name, pid, state, connections, workers }) => [
        name,
        pid,
        state,
        connections,
        workers,
      ]),
      processes.map(({ pid }, number) => [`chat#${number}`, pid, 'up', STATUS.connections, 2]),
    );
    assert.equal(status.cluster.register?.workers, 3);
  });

  it('shows which of its nodes says nothing', async () => {
    const group = await started();
    processes[1].answering = false;
    const asked = statusOf(group);
    await processes[1].asked('status');
    clock.advance(2000);
    const { members, connections } = await asked;
    assert.deepEqual(
      members?.map(({ state }) => state),
      ['up', 'silent', 'up'],
    );
    assert.equal(connections, 2 * STATUS.connections);
    const paged = connectionsOf(group, 2499, 3);
    await processes[1].asked('connections');
    clock.advance(2000);
    const { total, connections: found, missing } = await paged;
    assert.deepEqual([total, found.length, missing], [5000, 3, ['chat#1']]);
    assert.equal(clock.timers, NODES, 'the watch over each');
  });

  it('tells the metrics of each node as its own, and which node tells none', async () => {
    const group = await started();
    processes[1].answering = false;
    const asked = group.answer({ command: 'metrics' });
    await processes[1].asked('metrics');
    clock.advance(2000);
    const metrics = (await asked) as readonly Metric[];
    const samplesOf = (name: string): unknown =>
      metrics
        .find((metric) => metric.name === name)
        ?.samples.map(({ labels, values }) => [labels.node, labels.worker, values[0]]);
    assert.deepEqual(samplesOf('gatewayworker_events_pending'), [
      ['chat#0', '0', 3],
      ['chat#0', '1', 3],
      ['chat#2', '0', 3],
      ['chat#2', '1', 3],
    ]);
    assert.deepEqual(samplesOf('gatewayworker_member_up'), [
      ['chat#0', undefined, 1],
      ['chat#1', undefined, 0],
      ['chat#2', undefined, 1],
    ]);
    assert.deepEqual(samplesOf('gatewayworker_register_workers'), [['chat', undefined, 3]]);
    assert.equal(new Set(metrics.map(({ name }) => name)).size, metrics.length);
  });

  it('lists the connections of all, one node after the other', async () => {
    const group = await started();
    const page = await connectionsOf(group, 2499, 2502);
    assert.equal(page.total, 7500);
    assert.equal(page.connections.length, 2502);
    assert.deepEqual(
      [0, 1, 2501].map((index) => page.connections[index].remotePort),
      [42_499, 40_000, 40_000],
    );
    assert.deepEqual((await connectionsOf(group, 9000, 10)).connections, []);
  });

  describe('reloading', () => {
    it('goes from node to node', async () => {
      const group = await started();
      processes[0].answering = false;
      const reloaded = group.reload(true);
      await processes[0].asked('reload');
      assert.deepEqual(done, ['compile']);
      assert.deepEqual(processes[1].node.asked, []);
      processes[0].answering = true;
      const { id } = processes[0].orders.at(-1) as { id: number };
      processes[0].emit('message', { id, answer: { ok: true, result: null } });
      await reloaded;
      assert.deepEqual(
        processes.slice(1).map(({ node }) => node.asked),
        [['reload true'], ['reload true']],
      );
      assert.equal((await statusOf(group)).reloads, 1);
    });

    it('is refused before any node hears of code that does not compile', async () => {
      const group = await started();
      check = async () => await Promise.reject(compileError);
      await assert.rejects(group.reload(false), compileError);
      for (const { node } of processes) assert.deepEqual(node.asked, []);
    });

    it('ends with the first node that refuses, and the others keep the old code', async () => {
      const group = await started();
      processes[0].node.failure = new GatewayError('GW_EVENTS_START', 'no database');
      await assert.rejects(group.reload(false), { code: 'GW_EVENTS_START', message: 'no database' });
      assert.deepEqual(processes[1].node.asked, []);
      assert.equal((await statusOf(group)).reloads, 0);
    });

    it('says which nodes run what when a later one refuses', async () => {
      const group = await started();
      processes[1].node.failure = new GatewayError('GW_EVENTS_START', 'no database');
      await assert.rejects(group.reload(false), {
        code: 'GW_EVENTS_START',
        message:
          /^Node chat#1 goes on with the old code, as do those after it, while chat#0 already run.* no database$/,
      });
      assert.deepEqual(processes[2].node.asked, []);
    });

    it('passes over a node that dies of it: its next process has the new code', async () => {
      const group = await started();
      processes[1].answering = false;
      const reloaded = group.reload(false);
      await processes[1].asked('reload');
      processes[1].dies(null, 'SIGKILL');
      await reloaded;
      assert.deepEqual(processes[2].node.asked, ['reload false']);
    });

    it('does not wait for a node that stands still, and names it: it has the new code when it goes on', async () => {
      const group = await started();
      processes[1].alive = false;
      const reloaded = group.reload(false);
      await processes[1].asked('ping');
      clock.advance(2000);
      assert.match(
        String((await reloaded)?.note),
        /^chat#1 did not answer: what stands still has the new code/,
      );
      assert.deepEqual(processes[2].node.asked, ['reload false']);
      assert.deepEqual(processes[1].orders.at(-1), {
        id: 2,
        request: { command: 'reload', graceful: false },
      });
    });

    it('does one at a time', async () => {
      const group = await started();
      processes[0].node.failure = compileError;
      const [first, second] = await Promise.allSettled([group.reload(false), group.reload(true)]);
      assert.deepEqual([first.status, second.status], ['rejected', 'rejected']);
      assert.deepEqual(processes[0].node.asked, ['reload false', 'reload true']);
    });
  });

  describe('a node that dies', () => {
    it('is forked again, with what it was told, while the others go on', async () => {
      const group = await started();
      const next = await forkedAgain(processes[1]);
      assert.deepEqual(log, ['node chat#1 died with signal SIGKILL; it is started again in 1 s']);
      assert.deepEqual(await states(group), ['up', 'starting', 'up']);
      next.comesUp();
      assert.deepEqual(await states(group), ['up', 'up', 'up']);
      assert.deepEqual(next.config, processes[1].config);
      const [, member] = (await statusOf(group)).members ?? [];
      assert.deepEqual([member.pid, member.restarts, member.lastExit], [next.pid, 1, 'signal SIGKILL']);
    });

    it('is waited for longer and longer, and the log says why it does not start', async () => {
      await started();
      const second = await forkedAgain(processes[1]);
      second.says({ event: 'ready' });
      second.says({ event: 'failed', code: 'GW_EVENTS_COMPILE', message: 'line 3' });
      const third = await forkedAgain(second, 2);
      await forkedAgain(third, 4);
      assert.equal(log[1], 'node chat#1 does not start: line 3');
      assert.match(log[2], /again in 2 s$/);
      assert.match(log[3], /again in 4 s$/);
    });

    it('has no connections, and is not reloaded', async () => {
      const group = await started();
      processes[0].dies(1);
      await turn();
      assert.equal((await connectionsOf(group, 0, 10)).total, 5000);
      await group.reload(false);
      assert.deepEqual(await states(group), ['down', 'up', 'up']);
    });
  });

  describe('a node that stands still', () => {
    it('is killed after processTimeout and replaced; the others go on', async () => {
      const group = await started();
      await pass(10);
      processes[1].alive = false;
      await pass(4);
      assert.deepEqual(processes[1].signals, []);
      await pass(1);
      assert.deepEqual(processes[1].signals, ['SIGKILL']);
      assert.match(log[0], /^node chat#1 \(pid \d+\) has stood still for 30 s, .*, and is killed$/);
      clock.advance(1000);
      await turn();
      processes[NODES].comesUp();
      assert.deepEqual(await states(group), ['up', 'up', 'up']);
      await pass(10);
      assert.deepEqual([processes.length, log.length], [NODES + 1, 2]);
    });

    it('is left alone when it goes on in time', async () => {
      await started();
      for (let pause = 0; pause < 3; pause++) {
        processes[1].alive = false;
        await pass(4);
        processes[1].alive = true;
        const missed = processes[1].orders.filter((order) => 'id' in order);
        const { id } = missed.at(-1) as { id: number };
        processes[1].emit('message', { id, answer: { ok: true, result: null } });
        await turn();
      }
      assert.deepEqual(processes[1].signals, []);
    });

    it('is killed also while it starts, and while it stops', async () => {
      const group = await started();
      const next = await forkedAgain(processes[1]);
      await pass(8);
      next.says({ event: 'ready' });
      next.alive = false;
      await pass(4);
      assert.deepEqual(next.signals, [], 'node itself was long in coming');
      await pass(1);
      assert.deepEqual(next.signals, ['SIGKILL']);
      processes[0].alive = false;
      const stopped = group.stop(true);
      await pass(5);
      await stopped;
      assert.deepEqual(processes[0].signals, ['SIGKILL']);
      assert.equal(clock.timers, 0);
    });

    it('has a minute until it listens at all', async () => {
      await started();
      const never = await forkedAgain(processes[2]);
      await pass(8);
      assert.deepEqual(never.signals, []);
      await pass(1);
      assert.deepEqual(never.signals, ['SIGKILL']);
      assert.match(log[1], /has stood still for 60 s/);
    });

    for (const [what, worker, seconds] of [
      ['10 s where processTimeout is shorter', { count: 2, processTimeout: 1 }, 10],
      ['30 s without workers', false, 30],
    ] as const) {
      it(`is killed after ${what}`, async () => {
        const waiting = starting(groupConfig({}, { worker }));
        await turn();
        for (const member of processes) member.comesUp();
        await waiting;
        await pass(10);
        processes[1].alive = false;
        const stood = clock.now();
        while (processes[1].signals.length === 0) {
          clock.advance(100);
          await turn();
        }
        // it is looked four times in that time
        const took = (clock.now() - stood) / 1000;
        assert.ok(took >= seconds && took <= seconds * 1.25, `${took} s`);
      });
    }

    it('is left alone without processTimeout, as for a debugger', async () => {
      const waiting = starting(groupConfig({}, { worker: { count: 2, processTimeout: 0 } }));
      await turn();
      for (const member of processes) member.comesUp();
      await waiting;
      processes[1].alive = false;
      await pass(100);
      assert.deepEqual([processes[1].signals, clock.timers], [[], 0]);
    });
  });

  describe('stopping', () => {
    it('stops all at once, then the Register', async () => {
      const group = await started();
      let release!: () => void;
      processes[0].node.stopped = new Promise((resolve) => (release = resolve));
      const stopped = group.stop(true);
      await processes[2].asked('stop');
      await turn();
      assert.deepEqual(processes[2].node.asked, ['stop true']);
      assert.deepEqual(done, []);
      assert.equal(group.stop(false), stopped, 'a second call joins the first');
      release();
      await stopped;
      assert.deepEqual(done, ['register stopped']);
      assert.deepEqual([processes.length, clock.timers, log], [NODES, 0, []]);
    });

    it('kills what does not stop', async () => {
      const group = await started();
      processes[1].answering = false;
      const stopped = group.stop(false);
      await turn();
      // 2 s for the node, 5 s for the process
      clock.advance(6999);
      assert.deepEqual(processes[1].signals, []);
      clock.advance(1);
      await stopped;
      assert.deepEqual(processes[1].signals, ['SIGKILL']);
      assert.deepEqual(log, ['node chat#1 has not stopped in time and is killed']);
    });

    it('grants a graceful stop five minutes, and the process five seconds more', async () => {
      const group = await started();
      processes[1].answering = false;
      const stopped = group.stop(true);
      await turn();
      processes[0].dies(0);
      processes[2].dies(0);
      // it lives: it is asked now and then
      await pass(40);
      clock.advance(4999);
      assert.deepEqual(processes[1].signals, []);
      clock.advance(1);
      await stopped;
      assert.deepEqual(processes[1].signals, ['SIGKILL']);
    });

    it('does not wait for one that is down or starting', async () => {
      const group = await started();
      await forkedAgain(processes[0]);
      processes[1].dies(1);
      await turn();
      await group.stop(false);
      assert.deepEqual(processes[NODES].signals, ['SIGKILL']);
      assert.deepEqual([processes.length, clock.timers], [NODES + 1, 0]);
    });
  });

  describe('a rolling restart', () => {
    it('replaces one process after the other, by ones with the configuration of now', async () => {
      const group = await started();
      read = async () => {
        done.push('read');
        return groupConfig({ pingInterval: 7 });
      };
      const restarted = group.restart(true);
      await comeUp(NODES + 1);
      assert.deepEqual(processes[0].node.asked, ['stop true']);
      await comeUp(NODES + 2);
      assert.equal(processes.length, NODES + 3, 'the last one is on its way, and was not before');
      await comeUp(NODES + 3);
      await restarted;
      assert.deepEqual(done, ['read']);
      assert.deepEqual(
        processes
          .slice(NODES)
          .map(({ config: { name, gateway } }) => [name, gateway && gateway.pingInterval]),
        [
          ['chat#0', 7],
          ['chat#1', 7],
          ['chat#2', 7],
        ],
      );
      // the deaths were meant: nothing was paused, and nothing is to be told
      assert.deepEqual([clock.now(), log], [0, []]);
    });

    it('ends with the first that does not start, which is tried again; the others go on', async () => {
      const group = await started();
      const restarted = group.restart(false);
      while (processes.length === NODES) await turn();
      processes[NODES].says({ event: 'ready' });
      processes[NODES].says({ event: 'failed', code: 'GW_LISTEN', message: 'in use' });
      processes[NODES].dies(1);
      await assert.rejects(restarted, {
        code: 'GW_LISTEN',
        message:
          'Node chat#0 has stopped and does not start again, which goes on being tried; those after it go on as they were. in use',
      });
      await turn();
      clock.advance(1000);
      await comeUp(NODES + 2);
      assert.equal(processes.length, NODES + 2);
      assert.equal(group.members[0].state, 'up');
    });

    it('refuses what only a start can change, before any node hears of it', async () => {
      const group = await started();
      read = async () => groupConfig({ lanPort: 4000 });
      await assert.rejects(group.restart(false), { code: 'GW_CONTROL', message: /^gateway\.lanPort in the/ });
      read = async () => await Promise.reject(compileError);
      await assert.rejects(group.restart(false), compileError);
      assert.equal(processes.length, NODES);
    });

    it('kills a process that does not stop, and there is one at a time', async () => {
      const group = await started();
      processes[0].answering = false;
      const restarted = group.restart(false);
      await turn();
      await assert.rejects(group.restart(false), { code: 'GW_CONTROL' });
      clock.advance(7000);
      assert.deepEqual(processes[0].signals, ['SIGKILL']);
      for (let count = NODES + 1; count <= 2 * NODES; count++) await comeUp(count);
      await restarted;
    });

    it('starts one that is down without its pause', async () => {
      const group = await started();
      processes[1].dies(1);
      await turn();
      const restarted = group.restart(false);
      for (let count = NODES + 1; count <= 2 * NODES; count++) await comeUp(count);
      await restarted;
      assert.equal(clock.now(), 0);
    });
  });

  it('grants a stop the time for its clients', async () => {
    const starts = starting(groupConfig({ drainDelay: 10, drainTime: 20 }));
    await turn();
    for (const member of processes) member.comesUp();
    const group = await starts;
    for (const member of processes) member.answering = false;
    const stopped = group.stop(false);
    await pass(4);
    clock.advance(6999);
    assert.deepEqual(processes[1].signals, []);
    clock.advance(1);
    await stopped;
    assert.deepEqual(processes[1].signals, ['SIGKILL']);
  });

  it('passes log rotation on', async () => {
    const group = await started();
    group.reopenLogs();
    for (const { orders } of processes) assert.deepEqual(orders.at(-1), { order: 'reopen-log' });
  });
});

/** Lets the promises that are settled have their effects. */
async function turn(): Promise<void> {
  for (let index = 0; index < 3; index++) await new Promise((resolve) => setImmediate(resolve));
}

async function statusOf(group: NodeGroup): Promise<NodeStatus> {
  return (await group.answer({ command: 'status' })) as NodeStatus;
}

async function connectionsOf(group: NodeGroup, offset: number, limit: number): Promise<ConnectionPage> {
  return (await group.answer({ command: 'connections', offset, limit })) as ConnectionPage;
}

async function states(group: NodeGroup): Promise<unknown> {
  return (await statusOf(group)).members?.map(
    ({ state }: NonNullable<NodeStatus['members']>[number]) => state,
  );
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clientsRequest, type ClientQuery, type ClientRow } from '#src/ops/requests/clients.js';
import { clientRequest } from '#src/ops/requests/client.js';
import { liveRequest } from '#src/ops/requests/live.js';
import { type RawLog, logRequest } from '#src/ops/requests/log.js';
import { type NameList, groupsRequest } from '#src/ops/requests/names.js';
import type { AskedGroup, AskedMember } from '#src/ops/requests/request-entry.js';

const ANN = '7f0000010b5400000001';
const QUERY: ClientQuery = { after: '', limit: 50, search: '', group: '', uid: '', waiting: false };

/** A group whose nodes answer so; undefined: not at all. */
function group(...answers: ((request: never) => unknown)[]): AskedGroup {
  const members = answers.map(
    (answer, number): AskedMember => ({
      number,
      name: `node-${number}`,
      pid: 100 + number,
      state: 'up',
      restarts: 0,
      lastExit: null,
      answerTo: async (request) => (await Promise.resolve(answer(request as never))) as never,
    }),
  );
  return { members, log: ownLog, facts: () => ({ name: 'all' }) } as unknown as AskedGroup;
}

/** What its first process has logged. */
function ownLog(): RawLog {
  return { lines: ['{"level":30,"time":2,"msg":"reloaded"}'], last: 9 };
}

/** A node with such names. */
function list(next: string | null, ...names: string[]): () => NameList {
  return () => ({ names: names.map((name) => ({ name, clients: 1 })), next });
}

/** A node with so many clients, which looks through all of them at once. */
function node(size: number): (request: ClientQuery) => unknown {
  return ({ after, limit }) => {
    const from = Number(after || '0');
    const numbers = Array.from({ length: size }, (_, index) => index).slice(from, from + limit);
    const next = from + numbers.length < size ? String(from + numbers.length) : null;
    return {
      clients: numbers.map((number) => ({ clientId: `${size}:${number}` }) as ClientRow),
      next,
      looked: numbers.length,
      total: size,
    };
  };
}

describe('lists of a group of nodes', () => {
  it('go from node to node, and say who did not answer', async () => {
    const asked = group(node(3), () => undefined, node(0), node(4));
    const first = await clientsRequest.ofGroup(asked, { ...QUERY, limit: 5 });
    assert.deepEqual(
      first.clients.map(({ clientId }) => clientId),
      ['3:0', '3:1', '3:2', '4:0', '4:1'],
    );
    assert.deepEqual([first.total, first.missing, first.next], [7, ['node-1'], '3/2']);
    const second = await clientsRequest.ofGroup(asked, { ...QUERY, limit: 5, after: '3/2' });
    assert.deepEqual(
      second.clients.map(({ clientId }) => clientId),
      ['4:2', '4:3'],
    );
    assert.equal(second.next, null);
  });

  it('begin at the next node when a page ends with a node', async () => {
    const asked = group(node(2), node(2));
    const { next } = await clientsRequest.ofGroup(asked, { ...QUERY, limit: 2 });
    assert.equal(next, '1/');
    const { clients } = await clientsRequest.ofGroup(asked, { ...QUERY, limit: 2, after: '1/' });
    assert.equal(clients.length, 2);
  });

  it('are merged by name, as far as every node has told', async () => {
    const asked = group(list('c', 'a', 'c'), list('d', 'b', 'd'), list(null, 'a', 'z'), () => undefined);
    assert.deepEqual(await groupsRequest.ofGroup(asked, { after: '', limit: 10, search: '' }), {
      names: [
        { name: 'a', clients: 2 },
        { name: 'b', clients: 1 },
        { name: 'c', clients: 1 },
      ],
      next: 'c',
      missing: ['node-3'],
    });
    const whole = group(list(null, 'a'), list(null, 'b'));
    assert.equal((await groupsRequest.ofGroup(whole, { after: '', limit: 10, search: '' })).next, null);
    assert.equal((await groupsRequest.ofGroup(whole, { after: '', limit: 1, search: '' })).next, 'a');
  });

  it('find a client wherever it is, and know what none is', async () => {
    const asked = group(
      () => null,
      () => undefined,
      () => ({ clientId: ANN }),
    );
    assert.deepEqual(await clientRequest.ofGroup(asked, { clientId: ANN }), { clientId: ANN });
    assert.equal(
      await clientRequest.ofGroup(
        group(() => null),
        { clientId: ANN },
      ),
      null,
    );
    await assert.rejects(clientRequest.ofGroup(asked, { clientId: 'ann' }), {
      code: 'GW_CLIENT_ID',
      message: '"ann" is no client id; expected 20 hexadecimal digits, as in client.id.',
    });
  });
});

describe('what is live of a group', () => {
  it('has each node, with one that does not answer', async () => {
    const now = { status: { name: 'node-0' } };
    const { nodes, group: facts } = await liveRequest.ofGroup(
      group(
        () => ({ nodes: [{ now }] }),
        () => undefined,
      ),
      {},
    );
    assert.deepEqual(
      nodes.map(({ name, state, now: shown }) => [name, state, shown]),
      [
        ['node-0', 'up', now],
        ['node-1', 'silent', null],
      ],
    );
    assert.deepEqual(facts, { name: 'all' });
  });
});

describe('the log of a group', () => {
  it('is that of its processes, in the order of time, and goes on for each where it was', async () => {
    const places: string[] = [];
    const answer = ({ after }: { after: string }) => {
      places.push(after);
      return {
        lines: [{ time: 1, level: 50, text: 'failed', node: null, worker: 1, stack: null }],
        next: '5',
      };
    };
    const asked = group(answer, () => undefined);
    const { lines, next } = await logRequest.ofGroup(asked, { after: '8,4,7' });
    assert.deepEqual(
      lines.map(({ text, node: of, worker }) => [text, of, worker]),
      [
        ['failed', 'node-0', 1],
        ['reloaded', null, null],
      ],
    );
    assert.deepEqual([places, next], [['4'], '9,5,7']);
  });
});

import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { AskedGroup } from '#src/ops/requests/request-entry.js';
import { type TraceEnd, type TracePart, type TraceQuery, traceRequest } from '#src/ops/requests/trace.js';

const QUERY: TraceQuery = { clientId: '', uid: 'ann', group: '', payload: false, after: '', stop: false };

function part(next: string, ...times: readonly number[]): TracePart {
  const entries = times.map(
    (time) =>
      ({ time, clientId: '7f0000010b5400000001', direction: 'in', what: 'message', text: '' }) as const,
  );
  return { entries, dropped: 1, clients: 2, next, ended: null };
}

function over(by: TraceEnd['by']): TracePart {
  return { entries: [], dropped: 0, clients: 0, next: null, ended: { by, message: by } };
}

/** A group whose nodes answer this, in turn, and what they were asked to go on after. */
function groupOf(...answers: readonly (TracePart | undefined)[]): { group: AskedGroup; asked: string[] } {
  const asked: string[] = [];
  const members = answers.map((answer, number) => ({
    name: `chat#${number}`,
    async answerTo({ after }: TraceQuery) {
      asked.push(`${number}: ${after}`);
      return await Promise.resolve(answer);
    },
  }));
  return { group: { members } as unknown as AskedGroup, asked };
}

it('a trace of a group is that of its nodes, each going on where it was', async () => {
  const { group, asked } = groupOf(part('0000000a.3', 1, 5), part('0000000b.9', 2));
  const told = await traceRequest.ofGroup(group, { ...QUERY, after: '0000000a.1,0000000b.8' });
  assert.deepEqual(asked, ['0: 0000000a.1', '1: 0000000b.8']);
  assert.deepEqual(
    told.entries.map(({ time }) => time),
    [1, 2, 5],
  );
  assert.deepEqual(
    [told.dropped, told.clients, told.next, told.ended, told.missing],
    [2, 4, '0000000a.3,0000000b.9', null, undefined],
  );
});

it('a node that does not answer, or has lost the trace, is named and begins anew', async () => {
  const { group } = groupOf(part('0000000a.3'), undefined, over('unread'), over('elsewhere'));
  const told = await traceRequest.ofGroup(group, { ...QUERY, after: '0000000a.1,,0000000b.8,0000000c.1' });
  assert.deepEqual([told.next, told.missing], ['0000000a.3,,,-', ['chat#1', 'chat#2']]);
  const { group: next, asked } = groupOf(part('0000000a.4'), part('0000000d.0'), undefined, undefined);
  const later = await traceRequest.ofGroup(next, { ...QUERY, after: String(told.next) });
  assert.deepEqual(asked, ['0: 0000000a.3', '1: ', '2: '], 'who has nothing to do with it is not asked');
  assert.deepEqual([later.next, later.missing], ['0000000a.4,0000000d.0,,-', ['chat#2']]);
});

it('a trace of a group is over when that of each node is, and as the node says that knows most', async () => {
  const query = { ...QUERY, uid: '', clientId: '7f0000010b5400000001' };
  const gone = await traceRequest.ofGroup(groupOf(over('elsewhere'), over('nobody')).group, query);
  assert.deepEqual([gone.next, gone.ended?.by], [null, 'nobody']);
  const away = await traceRequest.ofGroup(groupOf(over('elsewhere'), over('elsewhere')).group, query);
  assert.deepEqual([away.next, away.ended?.by], [null, 'elsewhere']);
  const full = await traceRequest.ofGroup(groupOf(over('full'), over('full')).group, QUERY);
  assert.deepEqual([full.next, full.ended?.by], [null, 'full']);
  const silent = await traceRequest.ofGroup(groupOf(undefined, undefined).group, QUERY);
  assert.deepEqual([silent.next, silent.ended], [',', null]);
  const stopped = await traceRequest.ofGroup(groupOf(undefined, undefined).group, { ...QUERY, stop: true });
  assert.deepEqual([stopped.next, stopped.ended?.by], [null, 'stopped']);
});

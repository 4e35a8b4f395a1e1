import { BUCKETS } from '#src/backbone/subjects.js';
import { significant } from '../report/quantity.js';
import { align } from '../report/table.js';
import type { Outcome, SortOutcome } from './simulate.js';

/** Seconds between two hellos of a node. */
const HELLO = 5;

export interface Marks {
  /** Messages to uids that a node sends in a second. */
  readonly perSecond: number;
  /** Marks for each of them. */
  readonly marks: number;
}

/** An outcome for people. */
export function printed(outcome: Outcome, marks: readonly Marks[]): string {
  return [
    head(outcome),
    ...interest(outcome),
    subjects(outcome),
    ...outcome.sorts.map((sort) => messages(sort, outcome)),
    toAll(outcome),
    background(outcome, marks),
  ].join('\n\n');
}

function head({ whole, uids, groups, memberships, namesANode }: Outcome): string {
  const { nodes, cells, clients, seed } = whole;
  return [
    `${counted(nodes)} nodes in ${counted(cells)} cells, ${counted(clients)} clients, seed ${seed}`,
    `${counted(uids)} uids, ${counted(groups)} groups with ${counted(memberships)} members`,
    `a node has clients of ${counted(namesANode)} of these names`,
  ].join('\n');
}

function interest({ whole, interest: { bytes, bytesANode, error } }: Outcome): string[] {
  return [
    [
      `Interest in a cell of ${Math.floor(whole.nodes / whole.cells)} nodes`,
      `  a gateway's filter: ${significant(bytes / 1024)} KiB; those of all others, at each node: ${significant(bytesANode / 2 ** 20)} MiB`,
      `  it takes ${significant(error * 100)} % of the names that it should not`,
    ].join('\n'),
  ];
}

function subjects({ whole, buckets, namesANode }: Outcome): string {
  const rows = buckets.map(({ buckets: count, subjectsANode, subjectsACell, alone }) => [
    `  ${bucketCount(count)}`,
    counted(subjectsANode),
    counted(subjectsACell),
    counted(subjectsANode * whole.nodes),
    `${significant(alone * 100)} %`,
  ]);
  const header = ['  buckets', 'a node has', 'a cell, different ones', 'all nodes', 'a new name adds one'];
  return `Subjects (one for each name would be ${counted(namesANode)} a node)\n${align([header, ...rows])}`;
}

function messages(
  { title, members, cellMembers, meshFrames, deliveries }: SortOutcome,
  { whole }: Outcome,
): string {
  const perCell = Math.floor(whole.nodes / whole.cells);
  const rows = deliveries.map(({ buckets, all, ownCell, nobody }) => [
    `  ${bucketCount(buckets)}`,
    significant(all),
    significant(all - ownCell - nobody),
    significant(ownCell),
    significant(nobody),
  ]);
  return [
    `A message to ${title}: ${significant(members)} nodes have clients`,
    `  in the sender's cell ${significant(meshFrames)} frames, ${significant(cellMembers)} of them wanted (${perCell - 1} without filters)`,
    align([['  by NATS', 'deliveries', 'wanted', 'own cell', 'nobody'], ...rows]),
  ].join('\n');
}

function toAll({ whole: { nodes, cells } }: Outcome): string {
  const perCell = Math.floor(nodes / cells);
  return `A message to all: ${perCell - 1} frames in the sender's cell, ${nodes - 1} deliveries by NATS, ${perCell - 1} of them in the own cell`;
}

function background({ whole: { nodes } }: Outcome, marks: readonly Marks[]): string {
  const rows = marks.map(({ perSecond, marks: each }) => [`  ${counted(perSecond)}`, significant(each)]);
  return [
    `Hellos: ${significant((nodes - 1) / HELLO)} a second to each node, ${counted((nodes * (nodes - 1)) / HELLO)} in all; ${counted(nodes - 1)} answers to one that starts`,
    '',
    align([['A node sends to random uids, a second', 'marks for each'], ...rows]),
  ].join('\n');
}

function bucketCount(buckets: number): string {
  return `${counted(buckets)}${buckets === BUCKETS ? ' (ours)' : ''}`;
}

function counted(value: number): string {
  return Math.round(value).toLocaleString('en');
}

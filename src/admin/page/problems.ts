import type { LiveNode, LiveSample } from '../../ops/requests/live.js';
import type { WorkerStatus } from '../../ops/requests/status.js';
import { nodeNamed } from './figures.js';
import type { History } from './history.js';
import { words } from './language.js';
import { shown } from './shown.js';
import type { Tally, Trouble } from './tally.js';

/** `bad`: somebody is not served, or something was lost; `slow`: it is about to be. */
export interface Problem {
  readonly weight: 'bad' | 'slow' | 'note';
  readonly text: string;
}

/** Milliseconds that an event may wait until it is slow, and until that is bad. */
const SLOW_QUEUE = 500;
const BAD_QUEUE = 5000;
/** Bytes that may wait on a link. */
const SLOW_LINK = 1_000_000;
/** Which part of the time a main thread may be busy. */
const BUSY = 0.9;
/** Milliseconds that it may come round late. */
const LATE = 250;
const VERY_LATE = 1000;
/** Days until a certificate expires. */
const SOON = 14;
const VERY_SOON = 3;
const DAY = 86_400_000;
/** As many are told; the rest is counted. */
const MOST = 12;

/** What is slow or wrong, the worst first. */
export function problemsOf(sample: LiveSample, history: History, tally: Tally): readonly Problem[] {
  const problems = [
    ...sample.nodes.flatMap((node) => ofNode(sample, node, history)),
    ...certificates(sample),
    ...tally.lately(sample).map((trouble) => ofTrouble(sample, trouble)),
  ];
  return worstFirst(problems);
}

function worstFirst(problems: readonly Problem[]): readonly Problem[] {
  const order = { bad: 0, slow: 1, note: 2 };
  return problems.toSorted((one, other) => order[one.weight] - order[other.weight]);
}

/** As many as fit on a screen. */
export function fitting(problems: readonly Problem[]): readonly Problem[] {
  if (problems.length <= MOST) return problems;
  const rest = problems.length - MOST + 1;
  return [...problems.slice(0, MOST - 1), { weight: problems[MOST].weight, text: words().andMore(rest) }];
}

/** What had gone wrong before the page was opened, the worst first. */
export function pastProblems(sample: LiveSample, tally: Tally): readonly Problem[] {
  return worstFirst(
    tally.before(sample).map((trouble) => ({ weight: WEIGHTS[trouble.kind], text: tell(sample, trouble) })),
  );
}

/** How much that is, as heavy as the worst of it. */
export function pastInShort(sample: LiveSample, tally: Tally): Problem {
  const troubles = tally.before(sample);
  const weights = troubles.map(({ kind }) => WEIGHTS[kind]);
  const lost = (...kinds: readonly Trouble['kind'][]): number =>
    troubles.reduce((sum, { kind, count }) => (kinds.includes(kind) ? sum + count : sum), 0);
  return {
    weight: weights.includes('bad') ? 'bad' : weights.includes('slow') ? 'slow' : 'note',
    text: words().earlier({
      things: troubles.length,
      wrong: weights.filter((weight) => weight === 'bad').length,
      events: lost('lost'),
      messages: lost('dropped', 'datagrams', 'workerMessages'),
    }),
  };
}

function ofNode(sample: LiveSample, node: LiveNode, history: History): Problem[] {
  const w = words();
  const name = shown(node.name);
  if (node.state === 'down') return [bad(w.nodeDown(name, reason(node.lastExit)))];
  if (node.state === 'starting') return [slow(w.nodeStarting(name))];
  if (node.now === null) return [bad(w.nodeSilent(name))];
  const { status } = node.now;
  const where = shown(nodeNamed(sample, node));
  const { load = 0, late = 0 } = history.rates.get(node.number) ?? {};
  return [
    ...status.workers.flatMap((worker) => ofWorker(worker, where)),
    ...(late >= LATE
      ? [late >= VERY_LATE ? bad(w.mainLate(where, late)) : slow(w.mainLate(where, late))]
      : []),
    ...(load > BUSY ? [slow(w.mainBusy(where, load))] : []),
    ...links(sample, node, where),
    ...(status.roles.includes('gateway') && status.listeners.length === 0 ? [bad(w.noListener(where))] : []),
  ];
}

function ofWorker(
  { slot, state, lastExit, waitingFor, waitingBytes, database }: WorkerStatus,
  where: string,
): Problem[] {
  const w = words();
  const problems: Problem[] = [];
  if (state === 'down') problems.push(bad(w.workerDown(slot, where, reason(lastExit))));
  if (waitingFor >= SLOW_QUEUE) {
    const text = w.queueOld(slot, where, waitingFor, waitingBytes);
    problems.push(waitingFor >= BAD_QUEUE ? bad(text) : slow(text));
  }
  if (database !== undefined && database.waiting > 0)
    problems.push(slow(w.databaseWaits(slot, where, database.waiting)));
  return problems;
}

function links({ nodes }: LiveSample, { now }: LiveNode, where: string): Problem[] {
  const w = words();
  const { registers = [], gateways = [], workers = [] } = now?.status.cluster ?? {};
  const down = nodes.filter(({ state }) => state === 'down').map(({ name }) => name);
  return [
    ...registers
      .filter(({ state }) => state !== 'joined')
      .map(({ address, lastError }) => bad(w.registerLost(shown(address), where, reason(lastError)))),
    ...gateways.flatMap(({ address, node, state, bufferedBytes, lastError }) => {
      const other = shown(node || address);
      // that a node is down is said of itself
      if (state !== 'up' && !down.includes(node))
        return [bad(w.gatewayLost(other, where, reason(lastError)))];
      return bufferedBytes > SLOW_LINK ? [slow(w.linkWaits(other, where, bufferedBytes))] : [];
    }),
    ...workers.flatMap(({ name, state }) =>
      state === 'congested' ? [slow(w.farWorkerBehind(shown(name), where))] : [],
    ),
  ];
}

/** One of each listener: all nodes of a group have the same. */
function certificates({ nodes, time }: LiveSample): Problem[] {
  const expiries = new Map(
    nodes.flatMap(({ now }) =>
      (now?.status.listeners ?? []).flatMap(({ url, certificate }) =>
        certificate === null ? [] : [[url, Date.parse(certificate.validTo)] as const],
      ),
    ),
  );
  return [...expiries].flatMap(([url, expiry]) => {
    const days = Math.floor((expiry - time) / DAY);
    if (days >= SOON) return [];
    const text =
      expiry <= time ? words().certificateExpired(shown(url)) : words().certificateExpires(shown(url), days);
    return [days < VERY_SOON ? bad(text) : slow(text)];
  });
}

const WEIGHTS: Readonly<Record<Trouble['kind'], Problem['weight']>> = {
  died: 'bad',
  restarts: 'bad',
  lost: 'bad',
  errors: 'bad',
  dropped: 'bad',
  datagrams: 'bad',
  workerMessages: 'bad',
  log: 'slow',
  slow: 'slow',
  refused: 'slow',
  database: 'slow',
  refusal: 'note',
  peers: 'note',
};

function ofTrouble(sample: LiveSample, trouble: Trouble): Problem {
  return { weight: WEIGHTS[trouble.kind], text: words().lately(tell(sample, trouble)) };
}

function tell(sample: LiveSample, { kind, node, detail, count }: Trouble): string {
  return words().troubles[kind](count, shown(nodeNamed(sample, { name: node })), shown(detail));
}

function reason(text: string | null | undefined): string {
  return text ? shown(text, 300) : '';
}

function bad(text: string): Problem {
  return { weight: 'bad', text };
}

function slow(text: string): Problem {
  return { weight: 'slow', text };
}

import { age, bytes, count, percent, whole } from './quantity.js';

/** ` of NODE`, where there are several. */
function of(where: string): string {
  return where === '' ? '' : ` of ${where}`;
}

function on(where: string): string {
  return where === '' ? '' : ` on ${where}`;
}

function because(reason: string): string {
  return reason === '' ? '' : `: ${reason}`;
}

function times(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** What had gone wrong before: how much in all, how much of it is more than slow, and what was lost. */
interface Past {
  readonly things: number;
  readonly wrong: number;
  readonly events: number;
  readonly messages: number;
}

export const english = {
  overview: 'Overview',
  clients: 'Clients',
  groups: 'Groups',
  uids: 'Uids',
  log: 'Log',
  send: 'Send…',
  reload: 'Reload…',
  logOut: 'Sign out',
  language: 'Language',
  sections: 'Sections',
  skip: 'Skip to the content',
  readOnly: 'read-only',
  up: 'up for',
  waiting: 'Waiting for the first figures…',
  noAnswer: 'The node does not answer.',

  // ---- signing in ----
  signIn: 'Sign in',
  signInText:
    'gatewayworker admin prints a link that opens this page. Without the link, paste the token here.',
  token: 'Token',
  signedOut: 'You are signed out, or the node was started anew.',

  // ---- what is slow or wrong ----
  health: 'What is slow or wrong',
  healthy: 'Nothing is slow or wrong.',
  andMore: (rest: number) => `and ${times(rest, 'more thing')}`,
  earlier: ({ things, wrong, events, messages }: Past) =>
    [
      `Before this page was opened, since the start: ${times(things, 'thing')}`,
      wrong === 0 ? 'none of them wrong' : wrong === things ? 'wrong' : `${count(wrong)} of them wrong`,
      ...(events > 0 ? [`${times(events, 'event')} lost`] : []),
      ...(messages > 0 ? [`${times(messages, 'message')} lost`] : []),
    ].join(', '),
  lately: (text: string) => `In the last 10 minutes: ${text}`,
  weights: { bad: 'Wrong', slow: 'Slow', note: 'Note' },
  nodeDown: (name: string, reason: string) => `Node ${name} is down${because(reason)}.`,
  nodeStarting: (name: string) => `Node ${name} is starting.`,
  nodeSilent: (name: string) =>
    `Node ${name} runs and does not answer: its main thread stands still, or the machine is overloaded.`,
  noListener: (where: string) => `No port for clients is open${on(where)}.`,
  workerDown: (slot: number, where: string, reason: string) =>
    `Worker ${slot}${of(where)} has no thread, and its events wait${because(reason)}.`,
  queueOld: (slot: number, where: string, time: number, size: number) =>
    `Worker ${slot}${of(where)} is behind: an event has waited ${age(time)}, ${bytes(size)} wait in all.`,
  databaseWaits: (slot: number, where: string, waiting: number) =>
    `${times(waiting, 'statement')} of worker ${slot}${of(where)} ${waiting === 1 ? 'waits' : 'wait'} for a database connection.`,
  mainBusy: (where: string, load: number) =>
    `The main thread${of(where)} is busy ${percent(load)} of the time.`,
  mainLate: (where: string, delay: number) =>
    `The main thread${of(where)} has come round ${age(delay)} late, or more.`,
  registerLost: (address: string, where: string, reason: string) =>
    `The Register ${address} is not reached${where === '' ? '' : ` by ${where}`}${because(reason)}.`,
  gatewayLost: (other: string, where: string, reason: string) =>
    `The gateway ${other} is not reached${where === '' ? '' : ` by ${where}`}${because(reason)}.`,
  linkWaits: (other: string, where: string, size: number) =>
    `${bytes(size)} wait on the way${where === '' ? '' : ` from ${where}`} to ${other}.`,
  farWorkerBehind: (name: string, where: string) =>
    `The worker ${name} of another node takes no more events${where === '' ? '' : ` from ${where}`} for now.`,
  certificateExpires: (url: string, days: number) =>
    days === 0
      ? `The certificate of ${url} expires today.`
      : `The certificate of ${url} expires in ${times(days, 'day')}.`,
  certificateExpired: (url: string) => `The certificate of ${url} has expired.`,
  troubles: {
    errors: (n: number, where: string, slot: string) =>
      `handlers of worker ${slot}${of(where)} failed ${times(n, 'time')}.`,
    lost: (n: number, where: string, slot: string) =>
      `${times(n, 'event')} lost with a thread of worker ${slot}${of(where)} that died.`,
    restarts: (n: number, where: string, slot: string) =>
      `threads of worker ${slot}${of(where)} died and were replaced ${times(n, 'time')}.`,
    died: (n: number, node: string) =>
      `the process of ${node || 'the node'} died and was replaced ${times(n, 'time')}.`,
    dropped: (n: number, where: string) =>
      `${times(n, 'message')} dropped${on(where)} that slow clients did not read.`,
    datagrams: (n: number, where: string) => `${times(n, 'datagram')} of clients dropped${on(where)}.`,
    workerMessages: (n: number, where: string) =>
      `${times(n, 'message')} between workers${on(where)} that nobody got.`,
    log: (n: number, where: string) => `${times(n, 'line')} of the log${of(where)} lost.`,
    slow: (n: number, where: string) => `${times(n, 'client')} closed${on(where)} that did not read.`,
    refused: (n: number, where: string) =>
      `${times(n, 'client')} turned away${on(where)}: full, stopping, or no worker.`,
    refusal: (n: number, where: string, kind: string) => `refused${on(where)} ${times(n, 'time')}: ${kind}.`,
    peers: (n: number, where: string, kind: string) =>
      `peers of the cluster turned away${on(where)} ${times(n, 'time')}: ${kind}.`,
    database: (n: number, where: string, slot: string) =>
      `database errors of worker ${slot}${of(where)}: ${count(n)}.`,
  },

  // ---- figures ----
  figures: 'Figures',
  messagesIn: 'Messages in',
  messagesOut: 'Messages out',
  events: 'Events handled',
  perSecond: '/s',
  queueAge: 'Oldest event waits',
  queue: 'Queue',
  memory: 'Memory',
  load: 'Busiest main thread',
  workersServe: 'Workers',
  charts: 'As it goes',
  messagesChart: 'Messages per second',
  inShort: 'in',
  outShort: 'out',
  eventsShort: 'events',
  clientsChart: 'Clients',
  latencyChart: 'Latency',
  usualShort: 'half of the handlers',
  slowestShort: '99 %',
  queueShort: 'in the queue',
  bytesChart: 'Bytes per second',
  loadChart: 'Busiest main thread',
  memoryChart: 'Memory',

  // ---- the map ----
  map: 'Nodes and workers',
  mapOf: (nodes: number, links: number, broken: number) =>
    `${times(nodes, 'node')}, ${times(links, 'link')} between them, ${broken === 0 ? 'all up' : `${broken} down`}.`,
  states: { starting: 'starting', up: 'up', silent: 'silent', down: 'down' },
  main: 'main thread',
  worker: (slot: number) => `Worker ${slot}`,
  threadOf: (thread: number | null) => (thread === null ? 'no thread' : `thread ${thread}`),
  takingOver: (older: number, newer: number) => `thread ${newer} takes over from ${older}`,
  tookOver: (older: number, newer: number) => `thread ${newer} has taken over from ${older}`,
  startingThread: 'a thread is starting',
  finishing: (threads: number) =>
    `${times(threads, 'older thread')} still ${threads === 1 ? 'finishes' : 'finish'} handlers`,
  queueOf: (size: number, time: number) =>
    size === 0
      ? 'nothing waits'
      : time === 0
        ? `${bytes(size)} on their way`
        : `${bytes(size)} wait, oldest ${age(time)}`,
  eventsPerSecond: 'events/s',
  clientsHere: (n: number) => times(n, 'client'),
  linkUp: 'up',
  otherNode: 'another node of the cluster: has its own page',
  phpPeer: 'a peer in PHP',
  dotted: 'Dotted: another node of the cluster: has its own page; or a peer in PHP.',
  registerAt: (address: string, gateways: number) => `Register at ${address}: ${times(gateways, 'gateway')}`,

  // ---- lists ----
  search: 'Search',
  searchClients: 'Client id, uid or address',
  searchNames: 'Part of the name',
  onlyWaiting: 'only those for whom something waits',
  inGroup: 'in group',
  withUid: 'with uid',
  anyone: 'Everybody',
  next: 'Next',
  previous: 'Previous',
  again: 'Look again',
  clientId: 'Client id',
  uid: 'Uid',
  address: 'Address',
  protocol: 'Protocol',
  bytesIn: 'In',
  bytesOut: 'Out',
  waits: 'Waits',
  clientCount: 'Clients',
  name: 'Name',
  found: (number: number) => `${whole(number)} found`,
  shownOf: (number: number, total: number) => `${whole(number)} of ${whole(total)}`,
  searched: (number: number, total: number) => `${whole(number)} of ${whole(total)} looked through`,
  nothingFound: 'Nothing found.',
  looking: 'Looking…',
  without: (nodes: string) => `without ${nodes}: no answer`,
  tooLong: 'too long to be acted upon here',

  // ---- one client ----
  client: 'Client',
  back: 'Back',
  gone: 'This client is not here any more.',
  listener: 'Listener',
  session: 'Session',
  noSession: 'No session was set.',
  groupsOf: (number: number) => times(number, 'group'),
  noGroup: 'none',
  cutAt: (number: number) => `the first ${whole(number)}`,
  queuedEvents: 'Events that queue for its worker',
  unread: 'Sent, and not taken by it',
  reading: 'Is it read?',
  isRead: 'yes',
  isNotRead: 'no: it has to wait',
  silentRounds: 'Heartbeats without an answer',
  itsWorker: 'Worker',
  kick: 'Close…',

  trace: 'Trace',
  traceBegin: 'Trace from now on',
  traceEnd: 'End the trace',
  traceOver: 'The trace is over.',
  tracing: (clients: number) => `tracing ${times(clients, 'client')}`,
  traceDropped: (entries: number) => `${times(entries, 'more thing')} happened than could be told`,
  wholeMessages: 'messages as a whole',

  // ---- what is done ----
  cancel: 'Cancel',
  close: 'Close',
  sendTitle: 'Send a message',
  to: 'To',
  toAll: 'all clients',
  toGroup: 'a group',
  toUid: 'a uid',
  toClient: 'a client',
  whom: 'Name or id',
  message: 'Message',
  sendNow: 'Send',
  sendSure: (whom: string) => `The message goes to ${whom}. There is no taking it back.`,
  everybody: (clients: number) => `all ${times(clients, 'client')}`,
  groupNamed: (name: string) => `the group ${name}`,
  uidNamed: (name: string) => `the uid ${name}`,
  clientNamed: (id: string) => `the client ${id}`,
  goOn: 'Go on…',
  sent: 'Sent.',
  kickTitle: 'Close a client',
  kickSure: (id: string) => `The connection of ${id} is closed, after what it was sent.`,
  kickNow: 'Close it',
  kicked: 'It is closed.',
  reloadTitle: 'Reload the code',
  reloadSure:
    'events/ is compiled anew, and each worker gets a thread with the new code. Clients do not notice. When it does not start, the old code goes on.',
  graceful: 'wait for pending handlers, up to 5 minutes',
  reloadNow: 'Reload',
  reloading: 'Reloading…',
  reloaded: 'Reloaded.',
  notReloaded: 'Not reloaded: the old code goes on.',
  reloadProgress: (done: number, all: number) =>
    `${done} of ${times(all, 'worker')} ${done === 1 ? 'has' : 'have'} another thread.`,
  itsLog: 'What the log says meanwhile',

  // ---- the log ----
  logText: 'What the nodes log while this page is open, and warnings and errors of before.',
  logEmpty: 'Nothing yet.',
  levels: { debug: 'debug', info: 'info', warn: 'warning', error: 'error' },
};

export type Words = typeof english;

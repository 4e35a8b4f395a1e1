/*
 * Who may import whom. A room is a folder of src/ (of ops/, a folder within it), or a file directly in it. Type imports
 * count as well: what a file names, it knows. docs/architecture.md has the same as a table.
 */

/** What any other room may import. It imports nothing of ours but itself. */
export const FOUNDATION: readonly string[] = ['base'];

export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  net: [...FOUNDATION],
  bundle: [...FOUNDATION],
  config: [...FOUNDATION, 'bundle'],
  wire: [...FOUNDATION],
  ring: [...FOUNDATION],
  // plain values, and what counts them in shared memory
  metrics: [...FOUNDATION, 'ring'],
  link: [...FOUNDATION, 'wire', 'ring', 'metrics'],
  cluster: [...FOUNDATION, 'net', 'wire', 'ring', 'link'],
  // other clusters, by way of NATS
  api: [...FOUNDATION, 'wire'],
  register: [...FOUNDATION, 'net', 'wire'],
  database: [...FOUNDATION],
  project: [...FOUNDATION],
  // one file for pages: what it takes from others goes into it
  browser: [...FOUNDATION, 'wire', 'api'],
  client: [...FOUNDATION, 'net', 'config', 'wire', 'ring', 'link', 'cluster', 'api', 'register', 'backbone'],
  gateway: [...FOUNDATION, 'net', 'bundle', 'config', 'wire', 'link'],
  // other cells, by way of NATS
  backbone: [...FOUNDATION, 'net', 'config', 'wire', 'ring', 'link', 'cluster', 'gateway', 'ops/requests'],
  pool: [...FOUNDATION, 'net', 'bundle', 'config', 'wire', 'ring', 'metrics', 'link', 'cluster'],
  worker: [...FOUNDATION, 'wire', 'ring', 'metrics', 'link', 'api'],
  // what operators see: it is given what it shows
  'ops/requests': [...FOUNDATION, 'metrics'],
  'ops/control': [...FOUNDATION, 'net', 'ops/requests'],
  'ops/view': [...FOUNDATION, 'net', 'config', 'ops/requests'],
  'ops/log': [...FOUNDATION],
  'ops/process': [...FOUNDATION, 'config', 'ops/requests', 'ops/control', 'ops/log'],
  'ops/group': [...FOUNDATION, 'net', 'config', 'client', 'ops/requests', 'ops/process'],
  // another front end of that table, over HTTP
  admin: [...FOUNDATION, 'net', 'config', 'metrics', 'api', 'client', 'gateway', 'ops/requests'],
  node: [
    ...FOUNDATION,
    'net',
    'config',
    'wire',
    'metrics',
    'cluster',
    'client',
    'gateway',
    'backbone',
    'pool',
    'register',
    'ops/requests',
  ],
  cli: [
    ...FOUNDATION,
    'bundle',
    'config',
    'database',
    'project',
    'pool',
    'node',
    'ops/requests',
    'ops/control',
    'ops/view',
    'ops/log',
    'ops/process',
    'ops/group',
    'admin',
  ],
  main: [...FOUNDATION, 'ops/process', 'cli'],
  // the public surface: names and types of everything a user meets
  index: [...FOUNDATION, 'config', 'wire', 'metrics', 'api', 'gateway', 'worker'],
  // the test kit: everything that a node is made of, in one thread
  testing: [
    ...FOUNDATION,
    'bundle',
    'config',
    'wire',
    'metrics',
    'link',
    'api',
    'gateway',
    'pool',
    'worker',
    'node',
  ],
  // run when the package is made, and never after
  build: ['config'],
};

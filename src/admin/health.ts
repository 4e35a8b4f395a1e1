import type { NodeStatus } from '../ops/requests/status.js';
import type { AdminNode, Route } from './route.js';

/** What whoever keeps the node running asks: whether to start it anew, and whether to send it clients. */
export const healthRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/livez',
    summary: 'Whether the process lives: it answers.',
    open: true,
    // who does not answer is not alive: the main thread stands still
    handle: (exchange) => exchange.sendJson(200, { status: 'live' }),
  },
  ...['/readyz', '/healthz'].map(
    (path): Route => ({
      method: 'GET',
      path,
      summary: 'Whether clients can be sent here, and why not.',
      open: true,
      async handle(exchange, { node }) {
        const reasons = await reasonsAgainst(node);
        const ready = reasons.length === 0;
        exchange.sendJson(ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', reasons });
      },
    }),
  ),
];

/** One question at a time for all who ask: everybody may. */
const asked = new WeakMap<AdminNode, Promise<NodeStatus>>();

/** Why clients had better go elsewhere, in words that tell nobody anything of the application. */
async function reasonsAgainst(node: AdminNode): Promise<string[]> {
  if (node.phase !== 'up') return [`the node is ${node.phase}`];
  let question = asked.get(node);
  if (question === undefined) {
    question = node.answer({ command: 'status' }) as Promise<NodeStatus>;
    asked.set(node, question);
    void question.finally(() => asked.delete(node)).catch(() => {});
  }
  try {
    return reasonsIn(await question);
  } catch {
    return ['the node does not say how it is'];
  }
}

function reasonsIn({ workers, roles, listeners, members = [] }: NodeStatus): string[] {
  const serving = workers.filter(({ state }) => state === 'serving').length;
  const up = members.filter(({ state }) => state === 'up').length;
  return [
    ...(members.length > 0 && up === 0 ? [`none of the ${members.length} nodes is up`] : []),
    ...(roles.includes('worker') && serving === 0 ? ['no worker serves'] : []),
    ...(roles.includes('gateway') && listeners.length === 0 ? ['no port for clients is open'] : []),
  ];
}

import type { TestContext } from 'node:test';
import { AdminServer } from '#src/admin/admin-server.js';
import type { AdminNode } from '#src/admin/route.js';
import { createLogger } from '#src/base/log.js';
import type { ClusterCalls } from '#src/client/cluster-calls.js';
import type { AdminConfig } from '#src/config/schema.js';
import type { NodeRequest } from '#src/ops/requests/requests.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { AdminClient } from './admin-client.js';
import { NodeLog } from './node-log.js';

/** What nobody may see who does not know the token. */
export const SECRET = 'a secret of ann';

/** An admin listener of a node that is only played: what it is asked and what calls are made stands in lists. */
export class AdminScene {
  readonly clock = new ManualClock();
  readonly log = new NodeLog();
  readonly requests: NodeRequest[] = [];
  readonly calls: (readonly [name: string, ...args: unknown[]])[] = [];
  phase: AdminNode['phase'] = 'up';
  /** What the node answers. */
  status: object = {
    workers: [{ state: 'serving' }],
    roles: ['gateway', 'worker'],
    listeners: [{ url: 'ws://127.0.0.1:1' }],
    name: SECRET,
  };
  /** What it answers of how it is now. */
  onLive: () => unknown = () => null;
  /** What a call answers. */
  onCall: (name: string) => unknown = () => true;
  /** Settles when what was sent has gone out. */
  drained: Promise<void> = Promise.resolve();
  server!: AdminServer;
  admin!: AdminClient;

  static async open(t: Pick<TestContext, 'after'>, config: Partial<AdminConfig> = {}): Promise<AdminScene> {
    const scene = new AdminScene();
    scene.server = await AdminServer.open({
      config: {
        listen: '127.0.0.1:0',
        token: '',
        readOnly: false,
        hosts: [],
        allowWithoutTls: false,
        ...config,
      },
      node: scene.#node(),
      calls: async () => await Promise.resolve(scene.#api()),
      version: '1.2.3',
      clock: scene.clock,
      log: createLogger({ level: 'info', destination: scene.log }),
    });
    t.after(async () => await scene.server.close());
    scene.admin = new AdminClient(scene.server.link);
    return scene;
  }

  /** Where it listens. */
  get port(): number {
    return Number(new URL(this.server.link.url).port);
  }

  #node(): AdminNode {
    const phase = (): AdminNode['phase'] => this.phase;
    return {
      get phase() {
        return phase();
      },
      answer: async (request) => {
        this.requests.push(request);
        if (request.command === 'live') return await Promise.resolve(this.onLive());
        return await Promise.resolve(request.command === 'status' ? this.status : null);
      },
    };
  }

  #api(): ClusterCalls {
    const own: Record<string, unknown> = {
      connect: async () => await Promise.resolve(),
      drained: async () => await this.drained,
    };
    return new Proxy(own, {
      get: (target, name) =>
        name in target || name === 'then' // it is no promise
          ? target[String(name)]
          : (...args: unknown[]) => {
              this.calls.push([String(name), ...args]);
              return this.onCall(String(name));
            },
    }) as unknown as ClusterCalls;
  }
}

import type { GatewayConfig, NodeConfig } from '#src/config/schema.js';
import { validateConfig } from '#src/config/validate.js';

/** The configuration of a group named chat: two workers a node, a text port, a Register on every address. */
export function groupConfig(gateway: Partial<GatewayConfig> = {}, rest: object = {}): NodeConfig {
  return validateConfig(
    {
      name: 'chat',
      gateway: { listen: [{ url: 'text://127.0.0.1:8283' }], lanIp: '10.0.0.1', ...gateway },
      worker: { count: 2 },
      register: { listen: '0.0.0.0:1236' },
      cluster: { secretKey: 'secret' },
      ...rest,
    },
    { source: 'a test', directory: '/', overrides: { origins: new Map(), problems: [], warnings: [] } },
  );
}

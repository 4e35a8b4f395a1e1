import { systemClock } from '#src/base/clock.js';
import { createLogger } from '#src/base/log.js';
import { loadConfig } from '#src/config/load.js';
import type { GatewayConfig } from '#src/config/schema.js';
import { Gateway } from '#src/gateway/gateway.js';
import { InnerPort } from '#src/gateway/inner/inner-port.js';

/** A gateway with an inner port on loopback, and no listener for clients. */
export async function openGateway(): Promise<Gateway> {
  const { config } = await loadConfig({ cwd: '/', env: {} });
  const innerPort = await InnerPort.open({ host: '127.0.0.1', port: 0 });
  // nobody's connection here could answer a heartbeat
  const settings = { ...(config.gateway as GatewayConfig), pingInterval: 0 };
  const gateway = new Gateway(settings, {
    log: createLogger({ level: 'silent', destination: { write() {} } }),
    clock: systemClock,
    address: { ip: 0x7f000001, port: innerPort.port },
    node: 'far-end',
    cluster: { secretKey: '', pingInterval: config.cluster.pingInterval },
  });
  innerPort.serve(gateway);
  return gateway;
}

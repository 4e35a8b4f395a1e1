import { parseArgs } from 'node:util';
import { systemClock } from '#src/base/clock.js';
import { loadConfig } from '#src/config/load.js';
import type { GatewayConfig } from '#src/config/schema.js';
import { Gateway } from '#src/gateway/gateway.js';
import { InnerPort } from '#src/gateway/inner/inner-port.js';
import { createLogger } from '#src/base/log.js';
import { RegisterServer } from '#src/register/register-server.js';

/** The process that is measured: a gateway's inner port without clients, or a Register. It says its port to who forked it. */

const log = createLogger({ level: 'silent', destination: { write() {} } });

async function openGateway(): Promise<number> {
  const { config } = await loadConfig({ cwd: '/', env: {} });
  const innerPort = await InnerPort.open({ host: '127.0.0.1', port: 0 });
  const gateway = new Gateway(config.gateway as GatewayConfig, {
    log,
    clock: systemClock,
    address: { ip: 0x7f000001, port: innerPort.port },
    node: 'far-end',
    cluster: { secretKey: '', pingInterval: config.cluster.pingInterval },
  });
  innerPort.serve(gateway);
  return innerPort.port;
}

async function openRegister(): Promise<number> {
  const register = await RegisterServer.open({
    listen: '127.0.0.1:0',
    secretKey: '',
    clock: systemClock,
    log,
  });
  return register.port;
}

const { positionals } = parseArgs({ allowPositionals: true });
process.send?.(await (positionals[0] === 'register' ? openRegister() : openGateway()));
process.on('disconnect', () => process.exit(0));

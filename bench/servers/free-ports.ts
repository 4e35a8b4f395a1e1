import { type AddressInfo, type Server, createServer } from 'node:net';

/** Ports in a row that nobody listens on. */
export async function freePorts(count: number): Promise<number[]> {
  for (;;) {
    const first = await listen(0);
    const { port } = first.address() as AddressInfo;
    const ports = Array.from({ length: count }, (_, index) => port + index);
    const rest = await Promise.allSettled(ports.slice(1).map(async (each) => await listen(each)));
    const servers = rest.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    await Promise.all([first, ...servers].map((server) => new Promise((closed) => server.close(closed))));
    if (servers.length === count - 1) return ports;
  }
}

async function listen(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((listening, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', listening);
  });
  return server;
}

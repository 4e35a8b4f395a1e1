/**
 * Devices report by TCP; pages show them, and switch their lamps. Both are clients like any other: a device is reached by its
 * uid, which is its name, and the pages are a group.
 */
import { type Client, defineEvents, Gateway } from 'gatewayworker';
import type { Order, Report } from '../device.ts';

/** What the gateway keeps of a client. Of a page it is the kind only. */
interface Session {
  kind?: 'page' | 'device';
  name?: string;
  temperature?: number; // Celsius
  lamp?: boolean;
}

const PAGES = 'pages';
const DEVICES = 'devices';

export default defineEvents<Session>({
  async onWebSocketConnect(client) {
    client.session.kind = 'page';
    client.join(PAGES);
    const devices = Object.values(await Gateway.getClientSessionsByGroup<Session>(DEVICES));
    client.send(JSON.stringify({ type: 'devices', devices }));
  },

  onMessage(client, message) {
    if (client.session.kind === 'page') return switchLamp(String(message));
    const report = JSON.parse(String(message)) as Report; // device.ts has made it
    return report.type === 'hello' ? hello(client, report.name) : reading(client, report);
  },

  async onClose({ uid, session: { name } }) {
    // a device that is back already, over another connection, is not gone
    if (uid && !(await Gateway.isUidOnline(uid))) tellPages({ type: 'gone', name });
  },
});

async function hello(client: Client<Session>, name: string): Promise<void> {
  if (!/^[\w-]{1,40}$/.test(name)) {
    client.destroy();
    return;
  }
  // the connection that it had before may hang for a while, where a cable was pulled
  for (const id of await Gateway.getClientIdByUid(name)) if (id !== client.id) Gateway.destroyClient(id);
  Object.assign(client.session, { kind: 'device', name });
  client.bindUid(name);
  client.join(DEVICES);
  tellPages({ type: 'device', device: client.session });
}

function reading(
  client: Client<Session>,
  { temperature, lamp }: { temperature: number; lamp: boolean },
): void {
  if (client.session.name === undefined) {
    client.destroy(); // it has to say who it is first
    return;
  }
  Object.assign(client.session, { temperature, lamp });
  tellPages({ type: 'device', device: client.session });
}

/** A page says `{"name":"kitchen","lamp":true}`. What the device makes of it, its next reading tells. */
function switchLamp(message: string): void {
  const { name, lamp } = parse(message);
  if (typeof name !== 'string' || name === '' || typeof lamp !== 'boolean') return;
  const order: Order = { type: 'switch', lamp };
  Gateway.sendToUid(name, JSON.stringify(order));
}

/** Anybody can send anything from a page. */
function parse(json: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(json)) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function tellPages(news: object): void {
  Gateway.sendToGroup(PAGES, JSON.stringify(news));
}

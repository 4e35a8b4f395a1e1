/**
 * Devices report by TCP; pages show them, and switch their lamps. Both are clients like any other: a device is reached by its
 * uid, which is its name, and the pages are a group.
 */
import { defineEvents, Gateway } from 'gatewayworker';

const PAGES = 'pages';
const DEVICES = 'devices';

export default defineEvents({
  async onWebSocketConnect(client) {
    client.session.kind = 'page';
    client.join(PAGES);
    const devices = Object.values(await Gateway.getClientSessionsByGroup(DEVICES));
    client.send(JSON.stringify({ type: 'devices', devices }));
  },

  onMessage(client, message) {
    if (client.session.kind === 'page') return switchLamp(String(message));
    const report = JSON.parse(String(message)); // device.js has made it
    return report.type === 'hello' ? hello(client, report.name) : reading(client, report);
  },

  async onClose({ uid, session: { name } }) {
    // a device that is back already, over another connection, is not gone
    if (uid && !(await Gateway.isUidOnline(uid))) tellPages({ type: 'gone', name });
  },
});

async function hello(client, name) {
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

function reading(client, { temperature, lamp }) {
  if (client.session.name === undefined) {
    client.destroy(); // it has to say who it is first
    return;
  }
  Object.assign(client.session, { temperature, lamp });
  tellPages({ type: 'device', device: client.session });
}

/** A page says `{"name":"kitchen","lamp":true}`. What the device makes of it, its next reading tells. */
function switchLamp(message) {
  const { name, lamp } = parse(message);
  if (typeof name !== 'string' || name === '' || typeof lamp !== 'boolean') return;
  const order = { type: 'switch', lamp };
  Gateway.sendToUid(name, JSON.stringify(order));
}

/** Anybody can send anything from a page. */
function parse(json) {
  try {
    return Object(JSON.parse(json));
  } catch {
    return {};
  }
}

function tellPages(news) {
  Gateway.sendToGroup(PAGES, JSON.stringify(news));
}

/**
 * Push: people come with a token, and wait for what other programs send them by `GatewayClient`, as scripts/push.js does.
 * All there is to do here is to find out who they are.
 */
import { defineEvents } from 'gatewayworker';
import { EVERYBODY, groupOf } from '../notify.js';
import { tokenFor, uidOf } from '../tokens.js';

export default defineEvents({
  onWorkerStart() {
    tokenFor('nobody'); // without a secret, the node does not start
  },

  onWebSocketConnect(client, { query, queryAll }) {
    const uid = uidOf(query.token ?? '');
    if (uid === undefined) {
      client.close(JSON.stringify({ type: 'refused' }));
      return;
    }
    client.bindUid(uid); // the same in each tab, and on each device
    client.join(EVERYBODY);
    for (const topic of queryAll.topic ?? []) if (topic !== '') client.join(groupOf(topic));
    client.send(JSON.stringify({ type: 'welcome', uid }));
  },

  onMessage() {
    // people only listen
  },
});

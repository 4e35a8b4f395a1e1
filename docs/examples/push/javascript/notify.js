/** How people are reached, from any program: a web site, a job that runs at night, or a script. */

export const EVERYBODY = 'everybody';

export function groupOf(topic) {
  return `topic:${topic}`;
}

/** Sends a text. Resolves to the number of tabs and devices that are online to get it. */
export async function notify(gateway, { uid, topic }, text) {
  const message = JSON.stringify({ type: 'push', text, at: Date.now() });
  if (uid !== undefined) {
    gateway.sendToUid(uid, message);
    return (await gateway.getClientIdByUid(uid)).length;
  }
  const group = topic === undefined ? EVERYBODY : groupOf(topic);
  gateway.sendToGroup(group, message);
  return await gateway.getClientIdCountByGroup(group);
}

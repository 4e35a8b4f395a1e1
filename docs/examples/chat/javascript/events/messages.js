/** What is said, as JSON: by the page `enter` and `say`; by the server `entered`, `came`, `left`, `said` and `error`. */

/** Tells the sender why a request is not carried out. */
export class Refusal extends Error {}

/** Anybody can send anything: nothing is believed before it is checked. */
export function readRequest(message) {
  const { type, room, name, text } = parse(String(message));
  if (type === 'enter') return { type, room: word(room, 'A room'), name: word(name, 'A name') };
  if (type === 'say') return { type, text: line(text) };
  throw new Refusal('Expected the type enter or say.');
}

function parse(json) {
  try {
    return Object(JSON.parse(json));
  } catch {
    throw new Refusal('Expected JSON.');
  }
}

function word(value, what) {
  const found = typeof value === 'string' ? value.trim() : '';
  if (/^[\p{L}\p{M}\p{N}_.-]{1,20}$/u.test(found)) return found;
  throw new Refusal(`${what} has 1 to 20 letters or digits, and no spaces.`);
}

function line(value) {
  const found = typeof value === 'string' ? value.trim() : '';
  if (found.length >= 1 && found.length <= 1000) return found;
  throw new Refusal('A message has 1 to 1,000 characters.');
}

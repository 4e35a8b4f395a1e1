import type { WsClient } from './ws-client.js';

/** The next answer of test/fixtures/events/takeover, in words: what it answers, and by which thread. Greetings are passed over. */
export async function answer(client: WsClient): Promise<string[]> {
  for (;;) {
    const words = String(await client.next()).split(' ');
    if (words[0] !== 'started') return words;
  }
}

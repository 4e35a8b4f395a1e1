import { Gateway, defineEvents } from 'gatewayworker';

/** What the load generator talks to: see load/messages.ts for the kinds of messages, load/requests.ts for requests. */
export default defineEvents<{ name?: string }>({
  onRequest(request) {
    const { searchParams } = new URL(request.url);
    return Response.json({ hello: searchParams.get('name') });
  },
  onMessage(client, message) {
    const text = message as string;
    switch (text[0]) {
      case 'a':
        Gateway.sendToAll(text);
        return;
      case 'g':
        Gateway.sendToGroup(secondWord(text), text);
        return;
      case 'u':
        Gateway.sendToUid(secondWord(text), text);
        return;
      case 'b':
        client.bindUid(secondWord(text));
        break;
      case 'j':
        for (const group of text.slice(2, text.indexOf(' .')).split(' ')) client.join(group);
        break;
      case 's':
        client.session.name = text.split(' ', 3).join(' ');
        break;
    }
    client.send(text);
  },
});

/** A uid or a group. */
function secondWord(text: string): string {
  return text.slice(2, text.indexOf(' ', 2));
}

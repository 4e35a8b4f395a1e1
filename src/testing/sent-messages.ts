import { Buffer } from 'node:buffer';
import { jsonObject, nameList } from '../gateway/commands/ext-data.js';
import type { Link, LinkSubscriber } from '../link/link.js';
import { Command, Flag } from '../wire/command.js';
import type { ReceivedFrame } from '../wire/frame.js';
import { NAMED_BYTES, base64Text } from '../wire/named-bytes.js';
import type { TestMessage } from './test-client.js';

/** What handlers have sent to groups and to uids, whether anybody was there or not. */
export class SentMessages {
  readonly #groups = new Map<string, TestMessage[]>();
  readonly #uids = new Map<string, TestMessage[]>();

  toGroup(group: string): readonly TestMessage[] {
    return this.#groups.get(group) ?? [];
  }

  toUid(uid: string): readonly TestMessage[] {
    return this.#uids.get(uid) ?? [];
  }

  /** The same link, whose frames are looked at as they pass. */
  watch(link: Link): Link {
    return new Proxy(link, {
      get: (target, key) => {
        if (key === 'subscribe') {
          return (subscriber: LinkSubscriber) =>
            target.subscribe({
              frame: (frame, place) => {
                subscriber.frame(frame, place);
                this.#note(frame);
              },
              drained: () => subscriber.drained(),
              closed: (error) => subscriber.closed(error),
            });
        }
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  }

  #note(frame: ReceivedFrame): void {
    const [sent, names] =
      frame.command === Command.SEND_TO_GROUP
        ? [this.#groups, () => nameList(frame, jsonObject(frame).group)]
        : [this.#uids, () => (frame.command === Command.SEND_TO_UID ? nameList(frame) : [])];
    for (const name of names()) {
      const messages = sent.get(name);
      if (messages === undefined) sent.set(name, [messageOf(frame)]);
      else messages.push(messageOf(frame));
    }
  }
}

function messageOf(frame: ReceivedFrame): TestMessage {
  if ((frame.flags & NAMED_BYTES) === NAMED_BYTES) return base64Text(frame.body).toString();
  return (frame.flags & Flag.BINARY) === 0 ? frame.bodyText() : Buffer.from(frame.body);
}

import { GatewayError } from '../base/errors.js';
import { Flag } from '../wire/command.js';
import { dataText, packNamed } from '../wire/named-bytes.js';
import { eventText } from '../wire/named-message.js';
import { type Message, type Name, describe } from './arguments.js';
import type { EmitArguments, EventName } from './emits.js';
import { type ExcludeOptions, SendCalls, type SendToAllOptions } from './send-calls.js';

export type EmitOptions = Omit<ExcludeOptions, 'raw'>;
export type EmitToAllOptions = Omit<SendToAllOptions, 'raw'>;

/**
 * Sends of messages with names, each in the way of the client that gets it: docs/messages.md. They return and throw as the
 * sends do, and GW_ARGUMENT for data that JSON cannot hold; bytes anywhere in it are held as they are.
 */
export abstract class EmitCalls extends SendCalls {
  /** Sends a named message to one client. */
  emitToClient<E extends EventName>(
    clientId: string,
    event: E,
    ...[data]: EmitArguments<E, Record<string, never>>
  ): boolean {
    return this.toClient(clientId, this.#named('emitToClient', event, data), Flag.NAMED);
  }

  /** Sends a named message to every client that is bound to a uid. */
  emitToUid<E extends EventName>(
    uid: Name | readonly Name[],
    event: E,
    ...[data]: EmitArguments<E, Record<string, never>>
  ): boolean {
    return this.toUid('emitToUid', uid, this.#named('emitToUid', event, data), Flag.NAMED);
  }

  /** Sends a named message to every client in a group; to one that is in several of them, once. */
  emitToGroup<E extends EventName>(
    group: Name | readonly Name[],
    event: E,
    ...[data, options]: EmitArguments<E, EmitOptions>
  ): boolean {
    return this.toGroup('emitToGroup', group, this.#named('emitToGroup', event, data), Flag.NAMED, options);
  }

  /** Sends a named message to every client, or to some. */
  emitToAll<E extends EventName>(event: E, ...[data, options]: EmitArguments<E, EmitToAllOptions>): boolean {
    return this.toAll('emitToAll', this.#named('emitToAll', event, data), Flag.NAMED, options);
  }

  /** @internal Sends one that is text already, or text with the bytes in it. */
  sendNamed(clientId: string, message: Message): boolean {
    return this.toClient(clientId, message, Flag.NAMED);
  }

  /** A named message with bytes in it, as it is sent: with them, to gateways that are known to take them. */
  protected withBytes(text: string, attachments: readonly Uint8Array[]): Message {
    return packNamed(text, attachments);
  }

  #named(call: string, event: unknown, data: unknown): Message {
    const { json, attachments } = checkNamed(call, event, data);
    const text = eventText(event as string, json);
    return attachments.length === 0 ? text : this.withBytes(text, attachments);
  }
}

/** Data as it is sent. @throws GW_ARGUMENT for an empty name, or data that JSON cannot hold */
export function checkNamed(call: string, event: unknown, data: unknown): ReturnType<typeof dataText> {
  if (typeof event !== 'string' || event === '') {
    throw new GatewayError(
      'GW_ARGUMENT',
      `${call} was given ${describe(event)} as the name of a message; expected a string such as 'said'.`,
    );
  }
  return checkNamedData(`${call}('${event}')`, data);
}

/** @throws GW_ARGUMENT */
export function checkNamedData(call: string, data: unknown): ReturnType<typeof dataText> {
  let text: ReturnType<typeof dataText>;
  try {
    text = dataText(data);
  } catch (cause) {
    throw new GatewayError(
      'GW_ARGUMENT',
      `${call} was given data that JSON cannot hold: ${(cause as Error).message}. Expected plain values, arrays and objects, and bytes in them.`,
      { cause },
    );
  }
  if (text.json !== undefined || data === undefined) return text;
  throw new GatewayError(
    'GW_ARGUMENT',
    `${call} was given ${describe(data)} as its data; expected plain values, arrays and objects, and bytes in them.`,
  );
}

import { isUtf8 } from 'node:buffer';
import type { Msg } from '@nats-io/transport-node';
import { GatewayError } from '../base/errors.js';
import type { GatewayAddress } from '../wire/client-id.js';
import { Command, Flag } from '../wire/command.js';
import { type ReceivedFrame, decodeFrame, emptyFrame, encodeFrame } from '../wire/frame.js';
import { dataText, packNamed } from '../wire/named-bytes.js';
import { eventText } from '../wire/named-message.js';
import { ownExcludes } from './frame-excludes.js';
import { decodeName } from './subjects.js';

/*
 * What other programs publish. The payload is the message, as text; headers, of which all may be missing:
 *
 *    Gw-Binary: 1              it is bytes
 *    Gw-Event: said            it is a named message with this data: JSON, or with Gw-Binary bytes; nothing is no data
 *    Gw-Exclude: 7f00…,7f00…   client ids that do not get it
 */
const BINARY = 'Gw-Binary';
const EVENT = 'Gw-Event';
const EXCLUDE = 'Gw-Exclude';

/** A message of another program, as a worker would send it. @throws GW_ARGUMENT, GW_CLIENT_ID when it cannot be */
export type ForeignSend = (data: Buffer, message: Msg, gateway: GatewayAddress) => ReceivedFrame;

export const toAll: ForeignSend = (data, message, gateway) =>
  frameOf(Command.SEND_TO_ALL, JSON.stringify({ exclude: excluded(message, gateway) }), data, message);

export const toGroup: ForeignSend = (data, message, gateway) => {
  const ext = JSON.stringify({ group: [nameIn(message)], exclude: excluded(message, gateway) });
  return frameOf(Command.SEND_TO_GROUP, ext, data, message);
};

export const toUid: ForeignSend = (data, message) =>
  frameOf(Command.SEND_TO_UID, JSON.stringify([nameIn(message)]), data, message);

function frameOf(command: number, ext: string, data: Buffer, message: Msg): ReceivedFrame {
  const binary = message.headers?.get(BINARY) === '1';
  const event = message.headers?.get(EVENT) ?? '';
  let flags = Flag.PLAIN_BODY | (binary ? Flag.BINARY : 0);
  let body: string | Uint8Array = data;
  if (event !== '') {
    flags |= Flag.NAMED;
    body = binary ? named(event, data) : eventText(event, json(event, data));
  } else if (!binary && !isUtf8(data)) {
    throw new GatewayError(
      'GW_ARGUMENT',
      `A message on ${message.subject} is no text in UTF-8; bytes need the header ${BINARY}: 1.`,
    );
  }
  return decodeFrame(encodeFrame({ ...emptyFrame(), command, flags, ext, body }));
}

function named(event: string, data: Buffer): string | Uint8Array {
  const { json: text, attachments } = dataText(data);
  return packNamed(eventText(event, text), attachments);
}

function json(event: string, data: Buffer): string | undefined {
  if (data.length === 0) return undefined;
  const text = data.toString();
  try {
    JSON.parse(text);
  } catch (cause) {
    throw new GatewayError(
      'GW_ARGUMENT',
      `A message with the header ${EVENT}: ${event} has a payload that is no JSON: ${(cause as Error).message}.`,
      { cause },
    );
  }
  return text;
}

function nameIn({ subject }: Msg): string {
  const name = decodeName(subject);
  if (name !== undefined) return name;
  throw new GatewayError(
    'GW_ARGUMENT',
    `The subject ${subject} ends with no name; expected one in UTF-8, with everything but letters, digits, _ and - as %XX.`,
  );
}

function excluded({ headers }: Msg, gateway: GatewayAddress): number[] | null {
  const ids = headers?.get(EXCLUDE) ?? '';
  return ids === ''
    ? null
    : ownExcludes(
        ids.split(',').map((id) => id.trim()),
        gateway,
      );
}

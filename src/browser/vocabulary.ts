import type { Emits, EventName } from '../api/emits.js';
import type { RequestOptions } from './options.js';

/*
 * What a page and a server say to each other, as the events module has it: `typeof events` for what clients send, and Emits
 * for what they are sent.
 */

// oxlint-disable typescript/no-explicit-any -- where nothing is known of the server, anything may be said

/** The messages of an events module. */
type Messages<Events> = Events extends { messages?: infer Listed } ? NonNullable<Listed> : never;

/** What may be sent: of an unknown server anything. */
export type MessageName<Events> = unknown extends Events ? string : Extract<keyof Messages<Events>, string>;

type Types<Events, Name> = unknown extends Events
  ? { readonly data: any; readonly answer: any }
  : Name extends keyof Messages<Events>
    ? Messages<Events>[Name] extends { readonly types?: infer Known }
      ? NonNullable<Known>
      : never
    : never;

type DataOf<Events, Name> =
  Types<Events, Name> extends { readonly data: infer Data } ? Sendable<Data> : never;

/** What a request of this name is answered. */
export type AnswerTo<Events, Name> =
  Types<Events, Name> extends { readonly answer: infer Answer } ? Received<Answer> : never;

/** Whether there need be no data: an object of which nothing has to be there need not be there either. */
type MayBeLeftOut<Data> = undefined extends Data ? true : Record<string, never> extends Data ? true : false;

export type EmitArguments<Events, Name> =
  MayBeLeftOut<DataOf<Events, Name>> extends true
    ? [data?: DataOf<Events, Name>]
    : [data: DataOf<Events, Name>];

export type RequestArguments<Events, Name> =
  MayBeLeftOut<DataOf<Events, Name>> extends true
    ? [data?: DataOf<Events, Name>, options?: RequestOptions]
    : [data: DataOf<Events, Name>, options?: RequestOptions];

/** What may be listened for. */
export type { EventName };

/** The data of a message that comes. */
export type DataIn<Name> = Name extends keyof Emits ? Received<Emits[Name]> : any;

/** As it is sent: where the server gets a Buffer, any bytes. */
type Sendable<Value> = unknown extends Value
  ? Value
  : Value extends Uint8Array
    ? Uint8Array | ArrayBuffer
    : Value extends object
      ? { [Key in keyof Value]: Sendable<Value[Key]> }
      : Value;

/** As it comes: bytes as a Uint8Array, and what has a toJSON as what that makes of it. */
type Received<Value> = unknown extends Value
  ? any
  : Value extends Uint8Array | ArrayBuffer
    ? Uint8Array
    : Value extends { toJSON(): infer Json }
      ? Json
      : Value extends object
        ? { [Key in keyof Value]: Received<Value[Key]> }
        : Value;

/**
 * What your application sends by name, for the types of `emit…`: say it once, in events/ or beside it.
 *
 *     declare module 'gatewayworker' {
 *       interface Emits {
 *         said: { from: string; text: string };
 *         bye: undefined; // without data
 *       }
 *     }
 *
 * As long as nothing is said, any name goes out, with any data.
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- applications fill it
export interface Emits {}

/** The name of what may be sent. */
export type EventName = keyof Emits extends never ? string : Extract<keyof Emits, string>;

/** What goes with it. */
export type EventData<E extends string> = E extends keyof Emits ? Emits[E] : unknown;

/** What `emit…` takes behind the name. */
export type EmitArguments<E extends string, Options> =
  undefined extends EventData<E>
    ? [data?: EventData<E>, options?: Options]
    : [data: EventData<E>, options?: Options];

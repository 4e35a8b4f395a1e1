import type { Caller, Outcome } from './caller.js';
import { NAMES, type Step, type WitnessName, type Witnesses } from './steps.js';
import { Witness } from './witness.js';

/** What a step did, with names instead of the ids and ports that differ from one run to the next. */
export interface Effect {
  readonly outcome: Outcome;
  /** What each client was sent. */
  readonly seen: Readonly<Partial<Record<WitnessName, readonly string[]>>>;
}

/** Client ids, ports, and the keys of websocket handshakes. */
const DIFFERENT_IN_EACH_RUN = /[0-9a-f]{20}|\b\d{4,5}\b|[A-Za-z0-9+/]{22}==/g;

/** Clients of a cluster, and the calls that somebody makes about them. */
export class Scene {
  readonly witnesses: Witnesses;
  readonly #labels: ReadonlyMap<string, string>;
  #fences = 0;

  private constructor(witnesses: Witnesses, url: string) {
    this.witnesses = witnesses;
    this.#labels = new Map([
      ...NAMES.flatMap((name) => [
        [witnesses[name].id, `#${name}`] as const,
        [String(witnesses[name].port), `port of ${name}`] as const,
      ]),
      [idOfNobody(witnesses), '#nobody'],
      [new URL(url).port, 'port of the gateway'],
    ]);
  }

  /** @param url a gateway's listener */
  static async open(url: string): Promise<Scene> {
    const witnesses: Partial<Record<WitnessName, Witness>> = {};
    for (const name of NAMES) witnesses[name] = await Witness.connect(url);
    const scene = new Scene(witnesses as Witnesses, url);
    // whatever the worker sends at its start has come when this has
    await scene.#fenced(scene.witnesses.dan);
    return scene;
  }

  /** Performs one step after the other. */
  async play(caller: Caller, steps: readonly Step[]): Promise<Effect[]> {
    const effects: Effect[] = [];
    for (const step of steps) effects.push(await this.perform(caller, step));
    return effects;
  }

  /** Has a call made and waits until every client has seen what it does. */
  async perform(caller: Caller, { call, args, closes, long }: Step): Promise<Effect> {
    const outcome = await caller.call(call, this.#withIds(args) as unknown[]);
    if (long) for (const name of NAMES) await this.witnesses[name].seesSomething();
    const last = closes && { [closes]: await this.witnesses[closes].seenAtLast() };
    const seen = { ...last, ...(await this.#fenced(caller)) };
    return this.named({ outcome, seen }) as Effect;
  }

  async stop(): Promise<void> {
    for (const name of NAMES) await this.witnesses[name].close();
  }

  /** The same value with names in it. */
  named(value: unknown): unknown {
    if (typeof value === 'string')
      return value.replaceAll(DIFFERENT_IN_EACH_RUN, (found) => this.#name(found));
    if (typeof value === 'number') return this.#labels.get(String(value)) ?? value;
    if (Array.isArray(value)) return value.map((item) => this.named(item));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        this.#name(key),
        this.named(key === 'php' ? latin1(item) : item),
      ]),
    );
  }

  #name(found: string): string {
    return this.#labels.get(found) ?? (found.endsWith('==') ? 'a key' : found);
  }

  /** What every client has seen by the time that a message to all of them reaches it. */
  async #fenced(caller: Caller): Promise<Partial<Record<WitnessName, readonly string[]>>> {
    const fence = `fence ${++this.#fences}`;
    await caller.call('sendToAll', [fence]);
    const seen: Partial<Record<WitnessName, readonly string[]>> = {};
    for (const name of NAMES) {
      if (this.witnesses[name].open) seen[name] = await this.witnesses[name].seenBefore(fence);
    }
    return seen;
  }

  #withIds(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#withIds(item));
    if (value === '#nobody') return idOfNobody(this.witnesses);
    if (typeof value !== 'string' || !value.startsWith('#')) return value;
    return this.witnesses[value.slice(1) as WitnessName].id;
  }
}

/** A client id of the same gateway that is not in use. */
function idOfNobody({ ann }: Witnesses): string {
  const gateway = ann.id.slice(0, 12);
  const connection = Number.parseInt(ann.id.slice(12), 16) ^ 0x4000_0000;
  return gateway + (connection >>> 0).toString(16).padStart(8, '0');
}

/** What PHP serialized, as text, so that a difference can be read. */
function latin1(base64: unknown): string {
  return Buffer.from(String(base64), 'base64').toString('latin1');
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Arbitrary,
  array,
  assert as check,
  constant,
  constantFrom,
  nat,
  oneof,
  property,
  record,
} from 'fast-check';
import { SessionState } from '#src/gateway/session-state.js';
import { decodeClientState } from '#src/wire/client-state.js';
import { type Session, decodeSession, encodeSession, mergeSession } from '#src/wire/session.js';
import { SessionView } from '#src/worker/session-view.js';

/*
 * A gateway's session and a worker's view of it, with delays in both directions, against a model: one object to which
 * everything is done in the order in which it reaches the gateway. The worker's handlers count (read and write); others
 * write keys of their own. The uid goes the same ways; both sides may bind it, and the last to reach the gateway wins.
 */

/** What a handler does to its client's session. */
type Operation =
  | { readonly kind: 'count' }
  | { readonly kind: 'write'; readonly key: string; readonly value: number }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'query' }
  | { readonly kind: 'bindUid'; readonly uid: string }
  | { readonly kind: 'setSession'; readonly value: number }
  | { readonly kind: 'updateSession'; readonly key: string; readonly value: number };

/** What happens next. */
type Step =
  | { readonly kind: 'event' }
  | { readonly kind: 'handle'; readonly operations: readonly Operation[] }
  | { readonly kind: 'arrive' }
  | { readonly kind: 'foreignUpdate'; readonly key: string; readonly value: number }
  | { readonly kind: 'foreignSet'; readonly value: number }
  | { readonly kind: 'foreignBind'; readonly uid: string };

/** A client's state on its way to the worker, and what it had seen. */
interface Event {
  readonly ext: Buffer;
  readonly foreignSets: number;
  /** The uid that it says, and how many of the worker's own had come before it was sent. */
  readonly uid: string;
  readonly ownBinds: number;
}

class System {
  readonly gateway = new SessionState();
  readonly view = new SessionView();
  model: Session = {};
  /** '' when the client is bound to none. */
  uid = '';
  readonly #events: Event[] = [];
  /** On their way to the gateway: each does its part there and in the model. */
  readonly #commands: (() => void)[] = [];
  #foreignSets = 0;
  /** Uids that the worker has bound, and how many of them have reached the gateway. */
  readonly #binds: string[] = [];
  #arrivedBinds = 0;

  run(steps: readonly Step[]): void {
    this.#send();
    for (const step of steps) this.#step(step);
    while (this.#events.length > 0) this.#step({ kind: 'handle', operations: [] });
    while (this.#commands.length > 0) this.#step({ kind: 'arrive' });
    assert.deepEqual(decodeSession(this.gateway.bytes), this.model);
    // and the worker sees it so with the next event
    this.view.receive(decodeClientState(this.#ext()));
    assert.deepEqual(this.view.session, this.model);
    assert.equal(this.view.uid, this.uid);
  }

  #send(): void {
    const [foreignSets, uid, ownBinds] = [this.#foreignSets, this.uid, this.#arrivedBinds];
    this.#events.push({ ext: this.#ext(), foreignSets, uid, ownBinds });
  }

  #step(step: Step): void {
    switch (step.kind) {
      case 'event':
        this.#send();
        break;
      case 'handle':
        this.#handle(step.operations);
        break;
      case 'arrive':
        this.#commands.shift()?.();
        break;
      case 'foreignUpdate':
        this.gateway.merge(encodeSession({ [step.key]: step.value }));
        this.model[step.key] = step.value;
        break;
      case 'foreignSet':
        this.gateway.replace(encodeSession({ foreign: step.value }));
        this.model = { foreign: step.value };
        this.#foreignSets++;
        break;
      case 'foreignBind':
        this.#bound(step.uid);
        break;
      default:
        step satisfies never;
    }
  }

  #handle(operations: readonly Operation[]): void {
    const event = this.#events.shift();
    if (event === undefined) return;
    this.view.receive(decodeClientState(event.ext));
    // what the worker has bound since is not in the event, and counts all the same
    assert.equal(this.view.uid, this.#binds.length > event.ownBinds ? this.#binds.at(-1) : event.uid);
    let intents: ((model: Session) => void)[] = [];
    const store = (): void => {
      this.#store(intents, event.foreignSets);
      intents = [];
    };
    for (const operation of operations) {
      const { session } = this.view;
      switch (operation.kind) {
        case 'count':
          session.n = Number(session.n ?? 0) + 1;
          intents.push((model) => (model.n = Number(model.n ?? 0) + 1));
          break;
        case 'write':
          session[operation.key] = operation.value;
          intents.push((model) => (model[operation.key] = operation.value));
          break;
        case 'delete':
          delete session[operation.key];
          intents.push((model) => delete model[operation.key]);
          break;
        case 'query':
          store();
          break;
        case 'bindUid':
          this.#bind(operation.uid);
          assert.equal(this.view.uid, operation.uid, 'the handler sees it at once');
          break;
        case 'setSession':
          intents = [];
          this.#set({ own: operation.value });
          break;
        case 'updateSession':
          store();
          this.#update({ [operation.key]: operation.value });
          break;
        default:
          operation satisfies never;
      }
    }
    store();
  }

  /** As the worker does after a handler and before a query. */
  #store(intents: ((model: Session) => void)[], foreignSets: number): void {
    const change = this.view.takePatch();
    this.#commands.push(() => {
      if (change !== undefined) {
        this.gateway.countApplied();
        this.gateway.patch(change.patch, change.epoch);
      }
      // a session that was set from outside after the handler had read it wins
      if (foreignSets !== this.#foreignSets) return;
      for (const intend of intents) intend(this.model);
    });
  }

  #set(session: Session): void {
    this.view.change({ kind: 'set', session });
    this.#commands.push(() => {
      this.gateway.replace(encodeSession(session));
      this.gateway.countApplied();
      this.model = { ...session };
    });
  }

  #update(session: Session): void {
    this.view.change({ kind: 'update', session });
    this.#commands.push(() => {
      this.gateway.countApplied();
      this.gateway.merge(encodeSession(session));
      mergeSession(this.model, session);
    });
  }

  #bind(uid: string): void {
    this.view.change({ kind: 'uid', uid });
    this.#binds.push(uid);
    this.#commands.push(() => {
      this.#bound(uid);
      this.gateway.countApplied();
      this.#arrivedBinds++;
    });
  }

  #bound(uid: string): void {
    this.uid = uid;
    this.gateway.touch();
  }

  #ext(): Buffer {
    // a copy, as the wire makes one
    return Buffer.from(this.gateway.ext('', this.uid));
  }
}

const value = nat(3);
const ownKey = constantFrom('a', 'b');
const foreignKey = constantFrom('x', 'y');
const uid = constantFrom('', 'ada', 'bob');

const gentle: Arbitrary<Operation>[] = [
  record({ kind: constant('count' as const) }),
  record({ kind: constant('write' as const), key: ownKey, value }),
  record({ kind: constant('delete' as const), key: ownKey }),
  record({ kind: constant('query' as const) }),
  record({ kind: constant('updateSession' as const), key: ownKey, value }),
];
const ownBind: Arbitrary<Operation> = record({ kind: constant('bindUid' as const), uid });
const foreignBind: Arbitrary<Step> = record({ kind: constant('foreignBind' as const), uid });
const ownSet: Arbitrary<Operation> = record({ kind: constant('setSession' as const), value });
const foreignUpdate: Arbitrary<Step> = record({
  kind: constant('foreignUpdate' as const),
  key: foreignKey,
  value,
});
const foreignSet: Arbitrary<Step> = record({ kind: constant('foreignSet' as const), value });

/** Any course of events in which handlers and others do these things. */
function courses(operations: Arbitrary<Operation>[], foreign: Arbitrary<Step>[]): Arbitrary<Step[]> {
  const usual: Arbitrary<Step>[] = [
    record({ kind: constant('event' as const) }),
    record({ kind: constant('handle' as const), operations: array(oneof(...operations), { maxLength: 4 }) }),
    record({ kind: constant('arrive' as const) }),
  ];
  const step = oneof(
    ...usual.map((arbitrary) => ({ weight: 3, arbitrary })),
    ...foreign.map((arbitrary) => ({ weight: 1, arbitrary })),
  );
  return array(step, { maxLength: 40 });
}

function holds(course: Arbitrary<Step[]>): void {
  check(
    property(course, (steps) => new System().run(steps)),
    { numRuns: 3000 },
  );
}

describe('a session that a worker and others change at once ends as if everything had been done in order', () => {
  it('handlers that count, write, delete and update, while others update other keys', () => {
    holds(courses(gentle, [foreignUpdate]));
  });

  it('the same with handlers that set the session', () => {
    holds(courses([...gentle, ownSet], [foreignUpdate]));
  });

  it('the same with a uid that both sides bind: handlers see their own at once, and others’ that come later', () => {
    holds(courses([...gentle, ownSet, ownBind], [foreignUpdate, foreignBind]));
  });

  it('the same with others that set the session: they win over handlers that are under way', () => {
    holds(courses([...gentle, ownSet], [foreignUpdate, foreignSet]));
  });
});

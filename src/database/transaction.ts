import { type Dialect, sqlError } from './builder/statement.js';
import { Caller } from './caller.js';
import { DatabaseCalls } from './calls.js';
import { type Answer, type Connection, DriverFailure } from './connection.js';
import type { Executor, Statement } from './executor.js';

/** The connection that a transaction has for itself, and what the server has done to it. */
interface Held {
  readonly connection: Connection;
  readonly executor: Executor;
  /** Why no statement can follow: the server has ended the transaction. */
  endedFor: string | undefined;
}

/** A transaction, or one within another: all of it is done, or nothing. */
export class Transaction extends DatabaseCalls {
  readonly #held: Held;
  /** 0 is the transaction itself, others are savepoints in it. */
  readonly #depth: number;
  /** Whether its callback has returned, or one within it runs. */
  #state: 'open' | 'inner' | 'ended' = 'open';

  private constructor(held: Held, depth: number) {
    super();
    this.#held = held;
    this.#depth = depth;
  }

  /** @internal Runs `work` in a transaction on this connection, which serves nobody else meanwhile. */
  static async run<Value>(
    connection: Connection,
    executor: Executor,
    work: (tx: Transaction) => Promise<Value> | Value,
    caller: Caller,
  ): Promise<Value> {
    const held: Held = { connection, executor, endedFor: undefined };
    const tx = new Transaction(held, 0);
    let value: Value;
    try {
      value = await work(tx);
      if (held.endedFor !== undefined)
        throw sqlError(`The transaction cannot be committed: ${held.endedFor}.`);
    } catch (error) {
      tx.#state = 'ended';
      await tx.#rollBack('ROLLBACK', caller);
      throw error;
    }
    tx.#state = 'ended';
    try {
      await tx.#execute('COMMIT', caller);
    } catch (error) {
      // one that the server refused has left the transaction open
      await tx.#rollBack('ROLLBACK', caller);
      throw error;
    }
    return value;
  }

  override get dialect(): Dialect {
    return this.#held.executor.dialect;
  }

  /**
   * A savepoint: what `work` does is undone when it throws, which is rethrown, and this transaction may go on. Until it is
   * done, this transaction takes no statements of its own.
   */
  async transaction<Value>(work: (tx: Transaction) => Promise<Value> | Value): Promise<Value> {
    const caller = new Caller();
    this.#check();
    const inner = new Transaction(this.#held, this.#depth + 1);
    const name = `gatewayworker_${inner.#depth}`;
    this.#state = 'inner';
    try {
      await this.#execute(`SAVEPOINT ${name}`, caller);
      let value: Value;
      try {
        value = await work(inner);
      } catch (error) {
        inner.#state = 'ended';
        await this.#rollBack(`ROLLBACK TO ${name}`, caller);
        throw error;
      }
      inner.#state = 'ended';
      await this.#execute(`RELEASE SAVEPOINT ${name}`, caller);
      return value;
    } finally {
      this.#state = 'open';
    }
  }

  protected override async answer(statement: Statement, caller: Caller): Promise<Answer> {
    this.#check();
    return await this.#carryOut(statement, caller);
  }

  #check(): void {
    const { endedFor } = this.#held;
    if (this.#state === 'ended')
      throw sqlError('A statement came after the end of its transaction: await all of them.');
    if (this.#state === 'inner') throw sqlError('A transaction within this one is open: use that one.');
    if (endedFor !== undefined) throw sqlError(`The transaction takes no more statements: ${endedFor}.`);
  }

  async #execute(sql: string, caller: Caller): Promise<void> {
    await this.#carryOut({ sql, values: [], arrays: true }, caller);
  }

  async #carryOut(statement: Statement, caller: Caller): Promise<Answer> {
    const { connection, executor } = this.#held;
    try {
      return await executor.carryOut(connection, statement, caller);
    } catch (error) {
      if (error instanceof DriverFailure) {
        if (error.kind === 'lost')
          this.#held.endedFor ??= 'its connection was lost, and nothing of it is committed';
        if (error.transactionEnded) this.#held.endedFor ??= `the server has rolled it back (${error.code})`;
      }
      throw executor.errorOf(error, statement.sql, caller, true);
    }
  }

  /** What it is rolled back for is the error that counts. A connection that cannot even do this is of no more use. */
  async #rollBack(sql: string, caller: Caller): Promise<void> {
    if (this.#held.endedFor !== undefined) return;
    try {
      await this.#execute(sql, caller);
    } catch {
      this.#held.endedFor ??= 'it could not be rolled back';
      this.#held.connection.destroy();
    }
  }
}

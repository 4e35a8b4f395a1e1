import assert from 'node:assert/strict';
import { ChaosNode } from './chaos-node.js';
import { GameFloor } from './game-floor.js';
import { Player } from './player.js';

/** Milliseconds between two inputs of a player. */
const ROUND = 50;

export interface GameReport {
  readonly inputs: number;
  readonly ticks: number;
  readonly faults: readonly string[];
  /** Times that a room had more than one loop, or one that was not its own. */
  readonly loops: number;
  /** Milliseconds between two ticks that a player has seen, at most. */
  readonly longestPause: number;
}

/** A game of test/fixtures/events/game, with its players. */
export class Game {
  readonly chaos: ChaosNode;
  readonly players: readonly Player[];
  readonly #floor: GameFloor;
  #timer: NodeJS.Timeout | undefined;

  private constructor(chaos: ChaosNode, players: readonly Player[], floor: GameFloor) {
    this.chaos = chaos;
    this.players = players;
    this.#floor = floor;
  }

  static async start({ players, rooms }: { players: number; rooms: number }): Promise<Game> {
    const floor = GameFloor.create(rooms);
    const chaos = await ChaosNode.start({ events: 'game', worker: { count: 2, stopTimeout: 20 } });
    const coming = Array.from(
      { length: players },
      async (_, n) => await Player.connect(chaos.url, n % rooms),
    );
    return new Game(chaos, await Promise.all(coming), floor);
  }

  /** All players begin, each with many words in one go. */
  play(): void {
    for (const player of this.players) player.begin();
    this.#timer = setInterval(() => {
      for (const player of this.players) player.input();
    }, ROUND);
  }

  /** Resolves when every player has seen so many further rounds. */
  async ticked(rounds: number): Promise<void> {
    await Promise.all(this.players.map(async (player) => await player.ticked(rounds)));
  }

  /** A worker dies. Resolves when its place is taken, and the rooms that it had are played anew. */
  async crash(): Promise<void> {
    const [victim] = this.players;
    const { life } = victim;
    victim.say('exit');
    while (victim.life === life) await victim.ticked(1);
  }

  /** No further inputs. Resolves when all have been handled. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.players.map(async (player) => await player.end()));
  }

  get report(): GameReport {
    const { players } = this;
    return {
      inputs: players.reduce((sum, { inputs }) => sum + inputs, 0),
      ticks: players.reduce((sum, { ticks }) => sum + ticks, 0),
      faults: players.flatMap(({ faults }) => faults).slice(0, 10),
      loops: this.#floor.faults,
      longestPause: Math.round(players.reduce((most, { longestPause }) => Math.max(most, longestPause), 0)),
    };
  }

  /** @param crashes how many threads have died */
  check(crashes: number): void {
    const { faults, loops } = this.report;
    assert.deepEqual(faults, []);
    assert.equal(loops, 0);
    assert.equal(this.chaos.deaths, crashes);
    for (const { lives } of this.players) assert.ok(lives.length <= 1 + crashes);
    // each of a room's players has seen the same of it
    const seen = new Map<number, string>();
    for (const { room, lives } of this.players) {
      assert.equal(lives.join(), seen.get(room) ?? lives.join());
      seen.set(room, lives.join());
    }
    assert.ok(new Set(this.players.map(({ life }) => life)).size >= 2, 'the rooms are shared out');
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.players.map(async (player) => await player.close()));
    await this.chaos.stop();
  }
}

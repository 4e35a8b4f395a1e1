import type { Figure } from '../scenarios/scenario.js';

const DIVISORS: Readonly<Record<Figure['unit'], number>> = {
  'M/s': 1e6,
  'k/s': 1e3,
  ms: 1,
  µs: 1,
  bytes: 1,
  KB: 1,
  '%': 1,
};

/** A value in its figure's unit, without the unit. */
export function inUnit(value: number, { unit }: Figure): string {
  return significant(value / DIVISORS[unit]);
}

/** Three digits that mean something. */
export function significant(value: number): string {
  // rounded first: 99.97 is a hundred
  const size = Math.abs(Number(value.toPrecision(3)));
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : 3);
}

import { bytesIn, scaled } from '../../base/quantity.js';

/** Numbers for people. */
export { formatBytes, formatDuration } from '../../base/quantity.js';

/** Significant ones, where every column of the terminal counts. */
const FEW_DIGITS = 2;

/** As "1.23 M"; whole numbers below 100,000 as they are. */
export function formatCount(count: number): string {
  if (count < 100_000) return String(Math.round(count));
  return scaled(count);
}

/** As "84 MB" or "1.2 MB": where every column of the terminal counts. */
export function formatBytesBriefly(bytes: number): string {
  return bytesIn(FEW_DIGITS, bytes);
}

/** As "14,900". */
export function formatWhole(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** As "12 ms", "3.4 s" or "2 min": a time in milliseconds, in one unit. */
export function formatAge(milliseconds: number): string {
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 9950) return `${(milliseconds / 1000).toFixed(1)} s`;
  if (milliseconds < 119_500) return `${Math.round(milliseconds / 1000)} s`;
  return `${Math.round(milliseconds / 60_000)} min`;
}

import { formatDuration, scaled } from '../../base/quantity.js';

/** Numbers for people, in the language that the document says to be in. */
export { formatBytes as bytes, formatDuration as duration } from '../../base/quantity.js';

/** As "14,900", and "1.23 M" from 100,000 on. */
export function count(value: number): string {
  if (value < 99_999.5) return Math.round(value).toLocaleString(document.documentElement.lang);
  return scaled(value);
}

/** As "14,900". */
export function whole(value: number): string {
  return Math.round(value).toLocaleString(document.documentElement.lang);
}

/** Per second: small ones with their fraction. */
export function rate(value: number): string {
  if (value > 0 && value < 9.95)
    return value.toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 });
  return count(value);
}

/** As "12 ms", "3.4 s" or "2 min": a time in milliseconds. */
export function age(milliseconds: number): string {
  if (milliseconds < 0.95) return milliseconds === 0 ? '0 ms' : `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 9950) return `${(milliseconds / 1000).toFixed(1)} s`;
  if (milliseconds < 119_500) return `${Math.round(milliseconds / 1000)} s`;
  return formatDuration(milliseconds / 1000);
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

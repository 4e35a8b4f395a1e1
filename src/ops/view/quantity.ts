/** Numbers for people. */

/** Significant ones. */
const DIGITS = 3;
const FEW_DIGITS = 2;
const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P'];

/** As "1.23 M"; whole numbers below 100,000 as they are. */
export function formatCount(count: number): string {
  if (count < 100_000) return String(Math.round(count));
  return scaled(count, DIGITS);
}

/** As "84.1 MB", in powers of 1000. */
export function formatBytes(bytes: number): string {
  return bytesIn(DIGITS, bytes);
}

/** As "84 MB" or "1.2 MB": where every column of the terminal counts. */
export function formatBytesBriefly(bytes: number): string {
  return bytesIn(FEW_DIGITS, bytes);
}

/** As "14,900". */
export function formatWhole(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** As "3 d 4 h": the two largest units of a time in seconds. */
export function formatDuration(seconds: number): string {
  const whole = Math.floor(seconds);
  const units: readonly (readonly [amount: number, name: string])[] = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's'],
  ];
  const first = units.findIndex(([amount]) => amount > 0);
  if (first === -1) return '0 s';
  return units
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, name]) => `${amount} ${name}`)
    .join(' ');
}

/** As "12 ms", "3.4 s" or "2 min": a time in milliseconds, in one unit. */
export function formatAge(milliseconds: number): string {
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 9950) return `${(milliseconds / 1000).toFixed(1)} s`;
  if (milliseconds < 119_500) return `${Math.round(milliseconds / 1000)} s`;
  return `${Math.round(milliseconds / 60_000)} min`;
}

function bytesIn(digits: number, bytes: number): string {
  return bytes < 1000 ? `${Math.round(bytes)} B` : `${scaled(bytes, digits)}B`;
}

function scaled(value: number, digits: number): string {
  let rest = value;
  let prefix = 0;
  // 999.5 would be written as 1000
  while (rest >= 999.5 && prefix < PREFIXES.length - 1) {
    rest /= 1000;
    prefix++;
  }
  // all digits of the whole part, however few are wanted
  const whole = String(Math.round(rest)).length;
  return `${rest.toPrecision(Math.max(digits, whole))} ${PREFIXES[prefix]}`;
}

/** Numbers for people, wherever they read them: in a terminal, or on the admin page. */

/** Significant ones. */
const DIGITS = 3;
const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P'];

/** As "84.1 MB", in powers of 1000. */
export function formatBytes(bytes: number): string {
  return bytesIn(DIGITS, bytes);
}

/** The same in other than three digits. */
export function bytesIn(digits: number, bytes: number): string {
  return bytes < 1000 ? `${Math.round(bytes)} B` : `${scaled(bytes, digits)}B`;
}

/** As "3 d 4 h": the two largest units of a time in seconds. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
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

/** As "1.23 M". */
export function scaled(value: number, digits: number = DIGITS): string {
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

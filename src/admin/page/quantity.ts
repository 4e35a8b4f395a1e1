/** Numbers for people, in the language that the document says to be in. */

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P'];

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

/** As "84.1 MB", in powers of 1000. */
export function bytes(value: number): string {
  return value < 1000 ? `${Math.round(value)} B` : `${scaled(value)}B`;
}

/** As "12 ms", "3.4 s" or "2 min": a time in milliseconds. */
export function age(milliseconds: number): string {
  if (milliseconds < 0.95) return milliseconds === 0 ? '0 ms' : `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 9950) return `${(milliseconds / 1000).toFixed(1)} s`;
  if (milliseconds < 119_500) return `${Math.round(milliseconds / 1000)} s`;
  return duration(milliseconds / 1000);
}

/** As "3 d 4 h": the two largest units of a time in seconds. */
export function duration(seconds: number): string {
  const rest = Math.max(0, Math.floor(seconds));
  const units: readonly (readonly [amount: number, name: string])[] = [
    [Math.floor(rest / 86_400), 'd'],
    [Math.floor(rest / 3600) % 24, 'h'],
    [Math.floor(rest / 60) % 60, 'min'],
    [rest % 60, 's'],
  ];
  const first = units.findIndex(([amount]) => amount > 0);
  if (first === -1) return '0 s';
  return units
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, name]) => `${amount} ${name}`)
    .join(' ');
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function scaled(value: number): string {
  let rest = value;
  let prefix = 0;
  // 999.5 would be written as 1000
  while (rest >= 999.5 && prefix < PREFIXES.length - 1) {
    rest /= 1000;
    prefix++;
  }
  return `${rest.toPrecision(3)} ${PREFIXES[prefix]}`;
}

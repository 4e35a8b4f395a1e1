const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const TIME = '(?<time>\\d\\d:\\d\\d:\\d\\d)';

/** RFC 9110, 5.6.7: the form of today, and the two old ones that a recipient still has to know. */
const FORMS = [
  `[A-Z][a-z]{2}, (?<day>\\d\\d) (?<month>[A-Z][a-z]{2}) (?<year>\\d{4}) ${TIME} GMT`,
  `[A-Z][a-z]{5,8}, (?<day>\\d\\d)-(?<month>[A-Z][a-z]{2})-(?<year>\\d\\d) ${TIME} GMT`,
  `[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})`,
].map((form) => new RegExp(`^${form}$`));

/**
 * Milliseconds since 1970, or undefined for what is no date of HTTP. `Date.parse` takes much more, and reads the third
 * form as the time of the machine's own zone.
 */
export function parseHttpDate(text: string, now = Date.now()): number | undefined {
  for (const form of FORMS) {
    const { day, month, year, time } = form.exec(text)?.groups ?? {};
    if (time === undefined) continue;
    const [hours, minutes, seconds] = time.split(':').map(Number);
    const index = MONTHS.indexOf(month);
    const date = Date.UTC(fullYear(year, now), index, Number(day), hours, minutes, seconds);
    const isDate = index >= 0 && Number(day) >= 1 && new Date(date).getUTCMonth() === index;
    return isDate && hours < 24 && minutes < 60 && seconds <= 60 ? date : undefined;
  }
  return undefined;
}

/** Two digits that seem to be more than 50 years ahead are of the last such year that is past. */
function fullYear(year: string, now: number): number {
  if (year.length === 4) return Number(year);
  const thisYear = new Date(now).getUTCFullYear();
  const guess = thisYear - (thisYear % 100) + Number(year);
  return guess > thisYear + 50 ? guess - 100 : guess;
}

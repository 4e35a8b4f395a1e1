/** Both ends belong to it. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Which part of `size` bytes a Range field asks for: RFC 9110, 14.1.2. `unsatisfiable`: of what is not there; undefined:
 * all of them. A field that is malformed, or in another unit, is ignored, as one with several ranges may be.
 */
export function rangeIn(field: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const [, set] = /^bytes=(.*)$/i.exec(field ?? '') ?? [];
  const ranges = (set ?? '').split(',').flatMap((range) => range.trim() || []);
  const [, first, last] = (ranges.length === 1 && /^(\d*)-(\d*)$/.exec(ranges[0])) || [];
  if (first === undefined || (first === '' && last === '')) return undefined;
  if (first === '') {
    if (Number(last) === 0) return 'unsatisfiable';
    // the end of nothing is nothing, which no range can say
    return size === 0 ? undefined : { start: Math.max(0, size - Number(last)), end: size - 1 };
  }
  const [start, end] = [Number(first), last === '' ? Number.POSITIVE_INFINITY : Number(last)];
  if (start > end) return undefined;
  return start < size ? { start, end: Math.min(end, size - 1) } : 'unsatisfiable';
}

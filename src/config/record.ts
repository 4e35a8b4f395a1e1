/** Any object with named fields, as it comes from a file: nothing is known of the fields yet. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

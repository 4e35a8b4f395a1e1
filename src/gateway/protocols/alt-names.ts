/** `kind:value`; a value with a comma or a quote in it stands as JSON has it. */
const NAME = /([A-Za-z][A-Za-z ]*):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/g;

/** The names of a certificate's subjectAltName, as Node has them in one text: `DNS:example.org`, `IP Address:10.0.0.1`. */
export function altNamesOf(text = ''): string[] {
  return [...text.matchAll(NAME)].map(([, kind, value]) => `${kind}:${unquoted(value)}`);
}

function unquoted(value: string): string {
  if (!value.startsWith('"')) return value;
  try {
    return JSON.parse(value) as string;
  } catch {
    return value;
  }
}

/** npm's limit, in characters. */
const LONGEST = 214;
const TAKEN = ['node_modules', 'favicon.ico'];

/**
 * Why npm would refuse a package of this name; undefined when it would not.
 *
 * @param own the name of this package, which a package that depends on it cannot have
 */
export function nameProblem(name: string, own: string): string | undefined {
  if (name === own) return `a project cannot be called as ${own} itself, which it depends on`;
  if (TAKEN.includes(name)) return `npm keeps the name ${name} for itself`;
  if (name.length > LONGEST) return `npm allows a name ${LONGEST} characters, and this has ${name.length}`;
  if (/^[a-z0-9][a-z0-9._-]*$/.test(name)) return undefined;
  const meant = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .replace(/-+$/, '');
  const remedy = meant === '' || meant === own || TAKEN.includes(meant) ? 'my-app' : meant;
  return `npm takes small letters, digits, ".", "_" and "-", and a letter or digit first: how about ${remedy}?`;
}

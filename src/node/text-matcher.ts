/** Whether texts have this one in them, in whatever case. */
export function textMatcher(search: string): (text: string) => boolean {
  if (search === '') return () => true;
  const pattern = new RegExp(search.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`), 'i');
  return (text) => pattern.test(text);
}

/**
 * The default export of a user's module, if it has one; of a CommonJS module its `module.exports`, and of one that was
 * compiled from an ES module the default export within that.
 */
export function defaultExport(module: Readonly<Record<string, unknown>>): unknown {
  const { default: exported } = module;
  if (isCompiled(exported) && 'default' in exported) return exported.default;
  return exported;
}

function isCompiled(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && '__esModule' in value;
}

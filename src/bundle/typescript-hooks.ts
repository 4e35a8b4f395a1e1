import type { LoadHook } from 'node:module';
import { typescriptSource } from './typescript-source.js';

/** For node before 22.15, which runs hooks in a thread of their own: see typescript.ts. */
export const load: LoadHook = async (url, context, next) =>
  typescriptSource(url) ?? (await next(url, context));

/** Longer than anything here takes. */
const LONG = 2 ** 30;

/**
 * Nothing of an application under test keeps the process alive, so that a test that fails before it has closed its
 * application ends all the same. While somebody waits for it, this does.
 */
export async function keepAlive<T>(promise: Promise<T>): Promise<T> {
  const timer = setTimeout(() => {}, LONG);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

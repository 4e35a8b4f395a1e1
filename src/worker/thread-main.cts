/**
 * What piscina loads in a thread. It would `require` an ES module, and Node.js 20 ends the whole process when a thread is ended
 * in the middle of that; an `import()` is only broken off.
 */
async function runTask(task: unknown): Promise<void> {
  const { default: runWorkerThread } = await import('./entry.js');
  await runWorkerThread(task as Parameters<typeof runWorkerThread>[0]);
}

export = runTask;

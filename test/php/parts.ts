/** What runs until it is stopped: a cluster, a node, a client, clients. */
interface Part {
  stop(): Promise<void>;
}

/** Waits for a part to start, and has it stopped when the work is done. */
export type Keep = <Kept extends Part>(part: Kept | Promise<Kept>) => Promise<Kept>;

/** Does a work and then stops the parts that it kept, the last first. */
export async function withParts<Result>(work: (keep: Keep) => Promise<Result>): Promise<Result> {
  const parts: Part[] = [];
  try {
    return await work(async (starting) => {
      const part = await starting;
      parts.push(part);
      return part;
    });
  } finally {
    for (const part of parts.toReversed()) await part.stop();
  }
}

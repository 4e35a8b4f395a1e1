/** The candidate that `word` is most likely a misspelling of; `undefined` when none is close. Case does not count. */
export function suggestion(word: string, candidates: Iterable<string>): string | undefined {
  const lower = word.toLowerCase();
  let best: string | undefined;
  // A third of the word may be wrong: "prot" still finds "port", "pong" does not find "name".
  let bestDistance = Math.max(1, Math.floor(lower.length / 3)) + 1;
  for (const candidate of candidates) {
    // The lengths alone put a lower bound on the distance: hostile input of any length costs nothing here.
    if (Math.abs(candidate.length - lower.length) >= bestDistance) continue;
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * Optimal string alignment distance: insertions, deletions, replacements, and swaps of two neighbours,
 * since "prot" for "port" is one slip of the fingers. Levenshtein's distance, which libraries have, counts two.
 */
export function editDistance(left: string, right: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const replace = previous[column - 1] + (left[row - 1] === right[column - 1] ? 0 : 1);
      let distance = Math.min(replace, previous[column] + 1, current[column - 1] + 1);
      if (
        row > 1 &&
        column > 1 &&
        left[row - 1] === right[column - 2] &&
        left[row - 2] === right[column - 1]
      ) {
        distance = Math.min(distance, beforePrevious[column - 2] + 1);
      }
      current.push(distance);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[right.length];
}

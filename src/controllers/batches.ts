/**
 * Does `count` things in batches of 1, 2, 4, … at once, and stops after the first batch with a failure: when quota or
 * admission refuses, it refuses all, and asking once is enough. Returns how many succeeded, and the first error.
 */
export async function inBatches(
  count: number,
  act: (index: number) => Promise<unknown>,
): Promise<{ done: number; error: unknown }> {
  let done = 0;
  for (let start = 0, size = 1; start < count; start += size, size *= 2) {
    const indices = Array.from({ length: Math.min(size, count - start) }, (_, offset) => start + offset);
    const results = await Promise.allSettled(indices.map(async (index) => act(index)));
    done += results.filter(({ status }) => status === 'fulfilled').length;
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) return { done, error: failed.reason };
  }
  return { done, error: undefined };
}

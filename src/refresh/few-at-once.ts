// Runs one job per item, a few at a time, results in the order of the items.

/** `job` must not throw for what is to be collected: the first throw ends the whole. */
export async function fewAtOnce<T, R>(items: readonly T[], lanes: number, job: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const lane = async () => {
    for (const [index, item] of queue) results[index] = await job(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}

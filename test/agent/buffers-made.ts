// The buffers that some code puts together, so that a test can see whether they are wiped: nothing else shows them.

/** All that `Buffer.concat` gave while `work` ran, in order. */
export async function buffersMadeBy(work: () => Promise<unknown>): Promise<readonly Buffer[]> {
  const { concat } = Buffer;
  const made: Buffer[] = [];
  const define = (value: unknown) => Object.defineProperty(Buffer, 'concat', { configurable: true, writable: true, value });
  define((...list: Parameters<typeof concat>) => {
    const bytes = concat(...list);
    made.push(bytes);
    return bytes;
  });
  try {
    await work();
  } finally {
    define(concat);
  }
  return made;
}

export function isWiped(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

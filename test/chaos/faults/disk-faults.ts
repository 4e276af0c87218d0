// The disk with the home, the state, the runtime directory and the keyring's files is full.

import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { BeginFault } from '../scene.ts';

export const full: BeginFault = async ({ chaos: { world } }) => {
  const path = join(world.home, 'ballast');
  const bytes = fill(path);
  return { what: `${bytes} bytes`, end: async () => rmSync(path) };
};

function fill(path: string): number {
  const file = openSync(path, 'w');
  let bytes = 0;
  try {
    for (const size of [65_536, 4_096, 1]) bytes += writeWhileItGoes(file, Buffer.alloc(size));
  } finally {
    closeSync(file);
  }
  return bytes;
}

function writeWhileItGoes(file: number, chunk: Buffer): number {
  for (let bytes = 0; ; ) {
    try {
      bytes += writeSync(file, chunk);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return bytes;
      throw error;
    }
  }
}

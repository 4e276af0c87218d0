// How a caller can start this program again. Pure: what the process knows about its start arrives as an argument.

import { basename, isAbsolute, resolve } from 'node:path';

export interface OwnStart {
  /** argv[0] as it was given: the native front puts its own path there (front/own-way.c). */
  readonly argv0: string;
  readonly execPath: string;
  /** The script that Node was told to run. */
  readonly script: string | undefined;
}

/** An absolute path: the front if that started us, else the script. */
export function ownProgram({ argv0, execPath, script }: OwnStart): string {
  const isFront = isAbsolute(argv0) && ![basename(execPath), 'node', 'nodejs', 'node.exe'].includes(basename(argv0));
  return isFront ? resolve(argv0) : resolve(script ?? 'rolekeeper');
}

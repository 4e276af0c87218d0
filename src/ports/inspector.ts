// What `doctor` looks at, and the one thing there that it may change. Types only.

import type { Environment } from './environment.ts';

/** What `doctor` looks at, and the one thing there that it may change. */
export interface Inspector {
  /** Runs a credential_process line as some clients do, to its end. Never throws for what the line does. */
  run(line: string, how: LineManner): Promise<LineRun>;
  /** Follows links. Undefined when nothing is there, or nothing that can be looked at. */
  look(path: string): FileLook | undefined;
  /** Names in a directory; none where there is no such directory. */
  list(directory: string): readonly string[];
  /** Tries it with a small file. Undefined where it can be written to; else the nearest directory that there is, and why not. */
  whyUnwritable(directory: string): { readonly path: string; readonly problem: string } | undefined;
  /** Throws `config-unwritable`. */
  setMode(path: string, mode: number): void;
}

/** botocore splits the line as shlex does and runs no shell; Go, JavaScript, Java and Rust give it to `sh -c` (sdk-contract.md 6). */
export type LineWay = 'shlex' | 'shell';

export interface LineManner {
  readonly way: LineWay;
  readonly env: Environment;
  readonly deadlineMs: number;
  readonly mostBytes: number;
}

export interface LineRun {
  readonly way: LineWay;
  /** Undefined when it did not start, or was ended. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly end: 'exited' | 'not-started' | 'too-late' | 'too-much';
}

export interface FileLook {
  readonly path: string;
  readonly isDirectory: boolean;
  /** The permission bits; 0 where there are none (Windows). */
  readonly mode: number;
  readonly owner: 'self' | 'root' | 'other';
}

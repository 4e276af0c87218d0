// What `doctor` has found wrong: what it is, why it matters, and the command that mends it.

import { shellWord } from '../shell-word.ts';

/** In the order in which they are looked at. */
export const checkNames = [
  'config-files',
  'file-modes',
  'recipes',
  'certificates',
  'mixed-profiles',
  'winning-keys',
  'plaintext',
  'sdk-caches',
  'clock',
  'state',
  'store',
  'sign-ins',
  'unused-items',
  'rotations',
  'agent',
  'service',
  'process-line',
  'sts',
] as const;
export type CheckName = (typeof checkNames)[number];

export interface Finding {
  readonly check: CheckName;
  readonly profile?: string;
  readonly what: string;
  readonly why: string;
  /** For a shell, or the one thing to change. */
  readonly mend: string;
  /** What `--fix` does; absent where it does nothing. */
  readonly fix?: Fix;
}

/** Changes that take nothing away that anybody could miss. */
export type Fix =
  | { readonly kind: 'mode'; readonly path: string; readonly mode: number }
  /** credential_process of a profile. */
  | { readonly kind: 'line'; readonly profile: string; readonly value: string }
  | { readonly kind: 'forget'; readonly account: string };

export const fixCommand = 'rolekeeper doctor --fix';

/** The editor at that line; every usual editor knows `+LINE`. */
export function editCommand({ path, line }: { readonly path: string; readonly line: number }): string {
  return `\${EDITOR:-vi} +${line} ${shellWord(path)}`;
}

/** "run `rolekeeper install`, which puts it right" → the command alone; a hint that has several says when which is right. */
export function commandIn(hint: string): string {
  const [command, ...others] = commandsIn(hint);
  return command === undefined || others.length > 0 ? hint : command;
}

/** A word in quotes may hold a backtick. */
export function commandsIn(hint: string): readonly string[] {
  return [...hint.matchAll(/`((?:'[^']*'|\\.|[^`'\\])+)`/g)].map(([, inside = '']) => inside);
}

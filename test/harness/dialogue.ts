// A program on a terminal of its own, and a person who answers its questions in order.

import { fileURLToPath } from 'node:url';
import type { Ran, World } from './world.ts';

const script = fileURLToPath(new URL('dialogue.py', import.meta.url));

export const enter = '\r';
export const controlC = '\u0003';
/** The window is closed. */
export const hangUp = '';
export const down = '\u001b[B';

/** What is asked, as a pattern, and the keys that are pressed then, after a command of a shell if there is one. */
export type Answer = readonly [pattern: string, keys: string, meanwhile?: string];

/** `stdout` is what the terminal showed, without its colours and cursor movements. Fails where a question never comes. */
export async function converse(
  world: World,
  args: readonly string[],
  answers: readonly Answer[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Ran> {
  const ran = await world.run('python3', [script, JSON.stringify(answers), world.program, ...args], { env });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  return { ...ran, stdout: ran.stdout.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '') };
}

// `rolekeeper status --watch`: the same picture as `status`, drawn anew while somebody looks. Ends with the person's Ctrl-C, which is no failure.

import { isAppError } from '../errors.ts';
import { reportLines } from './report.ts';
import type { Screen } from './screen.ts';

/** Minutes are shown, so this is for what other programs do: a login, a refresh. */
export const lookEveryMs = 2_000;

/**
 * `text` is what there is to see now. A file that is just being edited is no reason to end: its error is the picture until it is mended.
 * Throws what comes before the first picture.
 */
export async function watchStatus(text: () => Promise<string>, { draw, rest, ended }: Screen): Promise<void> {
  let isFirst = true;
  while (!ended.aborted) {
    const lines = await (isFirst ? linesOf(text) : linesOrReport(text));
    if (ended.aborted) return;
    draw(lines);
    isFirst = false;
    await rest(lookEveryMs);
  }
}

async function linesOf(text: () => Promise<string>): Promise<readonly string[]> {
  return (await text()).trimEnd().split('\n');
}

async function linesOrReport(text: () => Promise<string>): Promise<readonly string[]> {
  try {
    return await linesOf(text);
  } catch (error) {
    if (!isAppError(error)) throw error;
    return reportLines(error);
  }
}

// How wide the text on stdout may be.

import process from 'node:process';

/** Wide enough for every column of `status` in the usual case. */
const withoutTerminal = 110;
const usualTerminal = 80;

/** Of the terminal; of a usual one where it does not say; a fixed width where stdout is none, so that what scripts see does not change. */
export function terminalColumns(): number {
  const { isTTY, columns } = process.stdout;
  if (isTTY !== true) return withoutTerminal;
  return columns > 0 ? columns : usualTerminal; // a pseudo-terminal that nobody gave a size says 0
}

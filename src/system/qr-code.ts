// A QR code for a terminal. The only importer of uqr.

import { renderUnicodeCompact } from 'uqr';

/** Lines of half blocks, black on white whatever the terminal's own colours are: cameras do not like it the other way round. */
export function qrLines(text: string): readonly string[] {
  const lines = renderUnicodeCompact(text, { border: 2 }).split('\n');
  return lines.map((line) => `\u001b[30;107m${line}\u001b[0m`);
}

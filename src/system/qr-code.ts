// A QR code for a terminal. The only importer of uqr.

import { renderUnicodeCompact } from 'uqr';

/**
 * Lines of half blocks, which are the light of it. In colours of its own, whatever those of the terminal are: cameras do not like dark and light
 * the other way round.
 */
export function qrLines(text: string): readonly string[] {
  const lines = renderUnicodeCompact(text, { border: 2 }).split('\n');
  return lines.map((line) => `\u001b[97;40m${line}\u001b[0m`);
}

// Text inside an XML element. Pure.

import { refuseControls } from './carried-environment.ts';

/** Throws `usage` for control characters, which XML cannot hold. */
export function xmlText(text: string): string {
  return refuseControls(text, 'a path').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

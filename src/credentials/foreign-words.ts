// What an endpoint or a program says, made fit to be shown and kept: without the secrets that it was given, and no longer than a person reads. Pure.

import type { Secret } from './secret.ts';

const mask = '[secret]';

/** So many characters in a row are no chance: whatever was cut off, escaped or put between others is still found. */
const pieceLength = 8;
/** What is shorter is nobody's secret, and is a part of ordinary words: masking it would only take those apart. */
const shortestSecret = 4;
/** More of it nobody looks at: a reply may have a megabyte. */
const longestText = 10_000;

/**
 * Every piece of these secrets becomes `[secret]`, in capitals or not: endpoints say back what they were sent, whole, cut off in the middle,
 * as the name of a host. A secret shorter than a piece is found whole, the shortest not at all. Of a text without end only its beginning comes
 * back.
 */
export function withoutSecrets(said: string, secrets: readonly Secret[]): string {
  const text = said.slice(0, longestText);
  const plain = folded(text);
  const isSecret = new Uint8Array(text.length);
  for (const secret of secrets) mark(isSecret, plain, folded(secret.reveal()));
  let shown = '';
  for (let at = 0; at < text.length; at++) {
    if (isSecret[at] === 0) shown += text[at];
    else if (at === 0 || isSecret[at - 1] === 0) shown += mask;
  }
  return shown;
}

/** For the words of an error. */
export function reasonIn(message: string): string {
  const text = message.trim();
  return text === '' ? 'it gives no reason' : capped(text);
}

export function capped(text: string, length = 300): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}

function mark(isSecret: Uint8Array, text: string, secret: string): void {
  if (secret.length < shortestSecret) return;
  const length = Math.min(pieceLength, secret.length);
  const pieces = new Set<string>();
  for (let at = 0; at + length <= secret.length; at++) pieces.add(secret.slice(at, at + length));
  for (let at = 0; at + length <= text.length; at++) {
    if (pieces.has(text.slice(at, at + length))) isSecret.fill(1, at, at + length);
  }
}

/** Of the same length, other than `toLowerCase`. */
function folded(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

// JSON from outside, as far as nothing is known of it yet. Pure.

/** Undefined for what is no JSON. Its text may be a secret, so no error of it reaches anybody. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** True for an object that is no list. */
export function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0;
}

/** True for printable text without blanks, as keys and tokens are: a line end in one would begin another header, or another line of a shell. */
export function isWord(value: unknown): value is string {
  return typeof value === 'string' && /^[!-~]+$/.test(value);
}

// A text as a URL. Pure.

/**
 * Undefined for a text that is none. Not by URL.canParse: that of Node 20 (seen with 20.20) denies what has letters such as ü in it once it was
 * asked some thousand times and V8 has made its calls fast. An agent is asked that often.
 */
export function parsedUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

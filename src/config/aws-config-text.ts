// Lines and blanks of an AWS config file as Python sees them. Pure; on the hot path.

/** Offset of the newline that ends the line of this offset, or the length of the text. `\n`, `\r\n` and a lone `\r` all end a line. */
export function endOfLine(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  const end = newline === -1 ? text.length : newline;
  const carriageReturn = text.slice(from, end).indexOf('\r');
  return carriageReturn === -1 ? end : from + carriageReturn;
}

/** Offset of the line after the newline at `end`; past the text when there is none. */
export function nextLine(text: string, end: number): number {
  return end + (text.startsWith('\r\n', end) ? 2 : 1);
}

/** From an offset to its 1-based line. Counts once, as far as it was asked. */
export function lineCounter(text: string): (offset: number) => number {
  const starts = [0];
  let next = 0;
  return (offset) => {
    while (next <= offset) {
      next = nextLine(text, endOfLine(text, next));
      starts.push(next);
    }
    return lastAtMost(starts, offset) + 1;
  };
}

/** Index of the last number that is not above the limit; the numbers rise. */
function lastAtMost(numbers: readonly number[], limit: number): number {
  let low = 0;
  let high = numbers.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? Number.POSITIVE_INFINITY) <= limit) low = middle;
    else high = middle;
  }
  return low;
}

/** The part of the text without blanks around it, as str.strip() has them: JavaScript's trim() differs for six characters. */
export function strip(text: string, from: number, to: number): string {
  const start = skipBlanks(text, from, to);
  let end = to;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/** Offset of the first character that is not blank, or `to`. */
export function skipBlanks(text: string, from: number, to: number): number {
  let at = from;
  while (at < to && isBlank(text.charCodeAt(at))) at += 1;
  return at;
}

/** True for the first character of a line that is a comment. There are no comments after values. */
export function startsComment(code: number): boolean {
  return code === 0x23 || code === 0x3b;
}

/** str.splitlines(), which knows more line ends than a file has. For text without `\n` and `\r`. */
export function pythonLines(content: string): readonly string[] {
  const lines: string[] = [];
  let start = 0;
  for (let at = 0; at < content.length; at += 1) {
    if (!isPythonLineEnd(content.charCodeAt(at))) continue;
    lines.push(content.slice(start, at));
    start = at + 1;
  }
  return [...lines, content.slice(start)];
}

function isPythonLineEnd(code: number): boolean {
  return [0x0b, 0x0c, 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029].includes(code);
}

/** str.isspace(). */
function isBlank(code: number): boolean {
  if (code <= 0x20) return code >= 0x1c || (code >= 0x09 && code <= 0x0d);
  return code >= 0x85 && isRareBlank(code);
}

function isRareBlank(code: number): boolean {
  if (code >= 0x2000) return code <= 0x200a || [0x2028, 0x2029, 0x202f, 0x205f, 0x3000].includes(code);
  return code === 0x85 || code === 0xa0 || code === 0x1680;
}

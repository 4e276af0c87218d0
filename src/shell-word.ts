// A name or a path in a command that a person is to type. Pure, and a part of the hot path: keep it as small as it is.

/** One word for a shell. With nothing but blanks in the way it is in double quotes, which cmd.exe knows too. */
export function shellWord(text: string): string {
  if (/^[\w\-./+@:,%][\w\-./+@:=,%]*$/.test(text)) return text;
  return /^[\w\-./+@:=,% ]+$/.test(text) ? `"${text}"` : `'${text.replaceAll("'", "'\\''")}'`;
}

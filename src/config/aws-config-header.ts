// What a section's header means: its type and its unquoted name, as botocore's build_profile_map has it. Pure.

export type SectionType = 'profile' | 'sso-session' | 'services' | 'rolekeeper' | 'rolekeeper-settings' | 'other';

export interface SectionName {
  readonly type: SectionType;
  /** Unquoted. Empty for `rolekeeper-settings`, the whole header for `other`. */
  readonly name: string;
}

/**
 * In ~/.aws/config. As in botocore the prefix needs no blank after it (`[profilesque a]` is profile a), and a header that is not exactly
 * two words for a shell, or leaves a quote open, names nothing. Our own sections do need the blank.
 */
export function configSectionName(header: string): SectionName {
  if (header === 'default') return { type: 'profile', name: header };
  const type = namedTypes.find((prefix) => header.startsWith(prefix));
  if (type === undefined) return { type: 'other', name: header };
  if (plainHeader.test(header)) return { type, name: header.slice(type.length + 1) };
  const [first, name, ...rest] = shellWords(header);
  const isWrongWord = type === 'rolekeeper' && first !== type;
  if (isWrongWord || rest.length > 0) return { type: 'other', name: header };
  if (name !== undefined) return { type, name };
  return first === 'rolekeeper' ? { type: 'rolekeeper-settings', name: '' } : { type: 'other', name: header };
}

/** In ~/.aws/credentials every header is a profile's plain name. */
export function credentialsSectionName(header: string): SectionName {
  return { type: 'profile', name: header };
}

/** The header that configSectionName reads back as this name. */
export function configHeader({ type, name }: SectionName): string {
  if (type === 'other' || (type === 'profile' && name === 'default')) return name;
  if (type === 'rolekeeper-settings') return 'rolekeeper';
  return `${type} ${quoted(name)}`;
}

const namedTypes = ['profile', 'sso-session', 'services', 'rolekeeper'] as const;
/** Two words without quotes; only here for speed on the hot path. */
const plainHeader = /^(?:profile|sso-session|services|rolekeeper) [\w.@/+-]+$/;
const shellBlanks: ReadonlySet<string> = new Set([' ', '\t', '\r', '\n']);

function quoted(name: string): string {
  if (name !== '' && !/['"\\\s]/.test(name)) return name;
  return `"${name.replace(/["\\]/g, '\\$&')}"`;
}

/** As Python's shlex.split: POSIX quotes and backslashes, no comments. None when a quote is left open. */
export function shellWords(header: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < header.length; ) {
    const piece = shellPiece(header, at);
    if (piece === undefined) return [];
    at = piece.end;
    if (piece.text !== undefined) word = (word ?? '') + piece.text;
    else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  return word === undefined ? words : [...words, word];
}

interface ShellPiece {
  /** Undefined for a blank between words. */
  readonly text: string | undefined;
  readonly end: number;
}

/** Undefined for an open quote and for a backslash at the end. */
function shellPiece(header: string, at: number): ShellPiece | undefined {
  const char = header.charAt(at);
  if (shellBlanks.has(char)) return { text: undefined, end: at + 1 };
  if (char === '"') return doubleQuoted(header, at + 1);
  if (char === '\\') return at + 1 < header.length ? { text: header.charAt(at + 1), end: at + 2 } : undefined;
  if (char !== "'") return { text: char, end: at + 1 };
  const close = header.indexOf("'", at + 1);
  return close === -1 ? undefined : { text: header.slice(at + 1, close), end: close + 1 };
}

/** Inside double quotes a backslash hides only the quote and itself; elsewhere it stays. */
function doubleQuoted(header: string, from: number): ShellPiece | undefined {
  let text = '';
  for (let at = from; at < header.length; at += 1) {
    const char = header.charAt(at);
    if (char === '"') return { text, end: at + 1 };
    const next = header.charAt(at + 1);
    const isEscape = char === '\\' && (next === '"' || next === '\\');
    text += isEscape ? next : char;
    if (isEscape) at += 1;
  }
  return undefined;
}

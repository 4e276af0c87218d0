// Lays the table of `status` out for so many columns: what can be done without goes first; in the end each profile gets lines of its own.
// Shortens no name: a person may have to type it.

import { shownLength, textTable } from './text-table.ts';

export interface StatusRow {
  readonly profile: string;
  readonly credentials: string;
  readonly keys: string;
  /** A bar, where the table is for people who look. */
  readonly life?: string;
  readonly left: string;
  readonly expires: string;
  readonly sessionUntil: string;
  readonly next: string;
}

/** Lines that are at most so wide, unless a single word is wider. */
export function statusTable(rows: readonly StatusRow[], columns: number): readonly string[] {
  const possible = rows.some(({ life }) => life !== undefined) ? layoutsWithBars : layouts;
  const lines = possible.map((layout) => tableOf(rows, layout, columns)).find((table) => table !== undefined);
  return lines ?? rows.flatMap((row) => paragraphOf(row, columns));
}

/** `arn:aws:iam::222233334444:role/apps/Dev` → `222233334444 apps/Dev`; anything else as it is. */
export function shortRole(arn: string): string {
  const [, account, role] = /^arn:[^:]*:iam::(\d{12}):role\/(.+)$/.exec(arn) ?? [];
  return account === undefined || role === undefined ? arn : `${account} ${role}`;
}

type Column = Exclude<keyof StatusRow, 'next'>;

/** NEXT is the last column of each, and takes what is left. */
const layouts: readonly (readonly Column[])[] = [
  ['profile', 'credentials', 'keys', 'left', 'expires', 'sessionUntil'],
  ['profile', 'credentials', 'keys', 'left', 'sessionUntil'],
  ['profile', 'credentials', 'left', 'sessionUntil'],
  ['profile', 'credentials', 'left'],
];

/** For who looks: the bar, the time left and the session's end stay longer than what the profile is. */
const layoutsWithBars: typeof layouts = [
  ['profile', 'credentials', 'keys', 'life', 'left', 'expires', 'sessionUntil'],
  ['profile', 'credentials', 'keys', 'life', 'left', 'sessionUntil'],
  ['profile', 'credentials', 'life', 'left', 'sessionUntil'],
  ['profile', 'life', 'left', 'sessionUntil'],
  ['profile', 'life', 'left'],
  ['profile', 'left'],
];

const headers: StatusRow = {
  profile: 'PROFILE',
  credentials: 'CREDENTIALS',
  keys: 'KEYS',
  life: 'LIFE',
  left: 'LEFT',
  expires: 'EXPIRES',
  sessionUntil: 'SESSION UNTIL',
  next: 'NEXT',
};

const gap = 2;
/** Narrower than this, NEXT would be a ribbon of single words: "log in: `rolekeeper login corp`" has 31. */
const comfortable = 32;

/** Undefined when there is too little room for NEXT. */
function tableOf(rows: readonly StatusRow[], layout: readonly Column[], columns: number): readonly string[] | undefined {
  const all = [headers, ...rows];
  const taken = layout.map((column) => gap + Math.max(...all.map((row) => shownLength(row[column] ?? ''))));
  const room = columns - taken.reduce((sum, width) => sum + width, 0);
  const wanted = Math.max(...all.map(({ next }) => Math.min(comfortable, shownLength(next))));
  const widestWord = Math.max(...all.flatMap(({ next }) => wordsOf(next).map(shownLength)));
  if (room < Math.max(wanted, widestWord)) return undefined;
  return textTable(
    all.flatMap((row) =>
      wrap(row.next, room).map((line, index) => [...layout.map((column) => (index === 0 ? (row[column] ?? '') : '')), line]),
    ),
  );
}

function paragraphOf({ profile, credentials, life, left, next }: StatusRow, columns: number): readonly string[] {
  const leftWords = left === '-' ? 'nothing yet' : left === 'over' ? left : `${left} left`;
  const facts = [credentials, life === undefined || life === '' ? leftWords : `${life} ${leftWords}`, next];
  return [profile, ...facts.flatMap((fact) => wrap(fact, columns - gap)).map((line) => ' '.repeat(gap) + line)];
}

function wrap(text: string, width: number): readonly string[] {
  const [first = '', ...words] = wordsOf(text);
  const lines: string[] = [];
  let line = first;
  for (const word of words) {
    const longer = `${line} ${word}`;
    if (shownLength(longer) > width) lines.push(line);
    line = shownLength(longer) > width ? word : longer;
  }
  return [...lines, line];
}

/** A command to type is one word. */
function wordsOf(text: string): readonly string[] {
  return text.match(/`[^`]*`\S*|\S+/g) ?? [];
}

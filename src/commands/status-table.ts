// Lays the table of `status` out for so many columns: what can be done without goes first; in the end each profile gets lines of its own.
// Shortens no name: a person may have to type it.

import { textTable } from './text-table.ts';

export interface StatusRow {
  readonly profile: string;
  readonly credentials: string;
  readonly keys: string;
  readonly left: string;
  readonly expires: string;
  readonly sessionUntil: string;
  readonly next: string;
}

/** Lines that are at most so wide, unless a single word is wider. */
export function statusTable(rows: readonly StatusRow[], columns: number): readonly string[] {
  const lines = layouts.map((layout) => tableOf(rows, layout, columns)).find((table) => table !== undefined);
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

const headers: StatusRow = {
  profile: 'PROFILE',
  credentials: 'CREDENTIALS',
  keys: 'KEYS',
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
  const taken = layout.map((column) => gap + Math.max(...all.map((row) => lengthOf(row[column]))));
  const room = columns - taken.reduce((sum, width) => sum + width, 0);
  const wanted = Math.max(...all.map(({ next }) => Math.min(comfortable, lengthOf(next))));
  const widestWord = Math.max(...all.flatMap(({ next }) => wordsOf(next).map(lengthOf)));
  if (room < Math.max(wanted, widestWord)) return undefined;
  return textTable(
    all.flatMap((row) =>
      wrap(row.next, room).map((line, index) => [...layout.map((column) => (index === 0 ? row[column] : '')), line]),
    ),
  );
}

function paragraphOf({ profile, credentials, left, next }: StatusRow, columns: number): readonly string[] {
  const facts = [credentials, left === '-' ? 'nothing yet' : left === 'over' ? left : `${left} left`, next];
  return [profile, ...facts.flatMap((fact) => wrap(fact, columns - gap)).map((line) => ' '.repeat(gap) + line)];
}

function wrap(text: string, width: number): readonly string[] {
  const [first = '', ...words] = wordsOf(text);
  const lines: string[] = [];
  let line = first;
  for (const word of words) {
    const longer = `${line} ${word}`;
    if (lengthOf(longer) > width) lines.push(line);
    line = lengthOf(longer) > width ? word : longer;
  }
  return [...lines, line];
}

/** A command to type is one word. */
function wordsOf(text: string): readonly string[] {
  return text.match(/`[^`]*`\S*|\S+/g) ?? [];
}

function lengthOf(text: string): number {
  return [...text].length;
}

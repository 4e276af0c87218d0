// What a run of Stryker found, to read: a line per file, then each mutant that lived, in its own place.

import { basename } from 'node:path';

/** `report` is Stryker's own, in the mutation testing report schema. */
export function summaryOf({ files }) {
  const rows = Object.entries(files).map(([path, { mutants }]) => rowOf(basename(path), mutants));
  const all = rowOf(
    'all',
    Object.values(files).flatMap(({ mutants }) => mutants),
  );
  const lives = Object.entries(files).flatMap(([path, file]) => livesOf(path, file));
  return [headings, ...rows, all].map(line).concat('', lives).join('\n');
}

const headings = ['file', 'mutants', 'killed', 'timeout', 'survived', 'no cover', 'static', 'score'];
const lived = ['Survived', 'NoCoverage'];

function rowOf(name, mutants) {
  const count = (...wanted) => mutants.filter(({ status }) => wanted.includes(status)).length;
  const counted = count('Killed', 'Timeout', ...lived);
  const score = counted === 0 ? '-' : `${((100 * count('Killed', 'Timeout')) / counted).toFixed(1)} %`;
  return [name, counted, count('Killed'), count('Timeout'), count('Survived'), count('NoCoverage'), count('Ignored'), score];
}

function line([name, ...numbers]) {
  return name.padEnd(30) + numbers.map((number) => String(number).padStart(10)).join('');
}

function livesOf(path, { source, mutants }) {
  const lines = source.split('\n');
  return mutants
    .filter(({ status }) => [...lived, 'Timeout'].includes(status))
    .map(({ status, mutatorName, replacement, location: { start, end } }) => {
      const text = lines[start.line - 1].slice(start.column - 1, end.line === start.line ? end.column - 1 : undefined);
      return `${path}:${start.line}:${start.column} ${status} ${mutatorName}: ${text} → ${replacement.split('\n')[0]}`;
    });
}

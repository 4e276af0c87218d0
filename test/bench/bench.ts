// `npm run bench`: runs the chapters one after another and prints a table for each, with the machine they ran on and what else kept it busy.

import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { cold } from './cold.bench.ts';
import { crowd } from './crowd.bench.ts';
import { describeLoad, describeMachine } from './machine.ts';
import { parseOptions } from './options.ts';
import { others } from './others.bench.ts';
import { roles } from './roles.bench.ts';
import type { Row } from './row.ts';
import { single } from './single.bench.ts';
import { buildSpawner } from './spawner.ts';
import { tableOf } from './table.ts';

const chapters = [single, crowd, roles, cold, others];

async function main(words: readonly string[]): Promise<void> {
  const options = parseOptions(
    words,
    chapters.map(({ name }) => name),
  );
  const spawner = buildSpawner();
  const done: { readonly chapter: string; readonly load: string; readonly rows: readonly (Row | string)[] }[] = [];
  try {
    print([...describeMachine(), describeLoad(), ''].join('\n'));
    for (const chapter of chapters) {
      if (options.only.length > 0 && !options.only.includes(chapter.name)) continue;
      const rows = await chapter.run({ options, spawner });
      const load = describeLoad();
      done.push({ chapter: chapter.name, load, rows });
      print(`\n${tableOf(chapter, rows)}${load}\n`);
    }
  } finally {
    spawner.close();
  }
  if (options.jsonPath !== undefined) {
    writeFileSync(options.jsonPath, `${JSON.stringify({ machine: describeMachine(), chapters: done }, undefined, 2)}\n`);
  }
}

function print(text: string): void {
  process.stdout.write(text);
}

// What the chapters have opened is removed at the exit, which a signal alone would skip.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});

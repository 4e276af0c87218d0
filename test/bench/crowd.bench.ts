// Many callers at the same moment, as `terraform` and `make -j` are: how long until the last of them has its answer.

import { openRoleWorld } from './role-world.ts';
import { type Chapter, pairedRow, type Row, roundsRow } from './row.ts';
import type { Timed } from './spawner.ts';

export const crowd: Chapter = {
  name: 'crowd',
  title: 'many cached answers at once, from the first start to the last end',
  async run({ spawner, options }) {
    const { world, profiles, ...person } = await openRoleWorld({ roles: 1 });
    try {
      await person.startAgent();
      await person.fill();
      const rows: Row[] = [];
      for (const atOnce of [50, 200]) {
        const [base, front] = await spawner.time(
          [
            { name: `${atOnce} x /bin/true`, command: ['/bin/true'], isSilent: true },
            { name: `${atOnce} x get: front and agent`, command: [world.program, 'get', profiles[0] ?? ''] },
          ],
          { rounds: Math.max(options.pairs, fewestRounds), atOnce, env: world.env },
        );
        if (base === undefined || front === undefined) throw new Error('the spawner timed fewer sides than it was given');
        rows.push(roundsRow(base), atOnce === 50 ? inTime(front, base) : pairedRow(front, { base }));
      }
      return rows;
    } finally {
      await person.close();
    }
  },
};

const fewestRounds = 5;
const limitMs = 150;

function inTime(front: Timed, base: Timed): Row {
  const row = pairedRow(front, { base });
  return { ...row, target: { words: `at most ${limitMs} ms on two cores`, isMet: row.median <= limitMs } };
}

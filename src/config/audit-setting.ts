// Whether answers are written down: `audit` of `[rolekeeper]`, or its variable. Pure.

/** Off where nobody says anything. A word that means nothing is a slip of somebody who wants the trail. */
export function isAudited(variable: string | undefined, setting: string | undefined): boolean {
  const word = (variable ?? setting ?? '').trim().toLowerCase();
  return word !== '' && !['0', 'no', 'off', 'false'].includes(word);
}

// How much of a life is left, as a bar and a colour, for people who look rather than read. Pure.

export const barCells = 8;

/** The characters of a bar: for a cell that is left, and for one that is over. */
export interface BarCells {
  readonly left: string;
  readonly over: string;
}

export type LifeColour = 'green' | 'yellow' | 'red';

export interface LifeLeft {
  readonly secondsLeft: number;
  /** Of the whole life, if known. */
  readonly lifeSeconds: number | undefined;
  /** The last refresh failed, or nothing can replace this. */
  readonly isThreatened: boolean;
}

/** The strictest clients ask again under 15 minutes (sdk-contract.md, Validity). */
const callerWindowSeconds = 15 * 60;

/** Always `barCells` long. Something left is at least one cell; a whole bar is one that has hardly begun. */
export function lifeBar({ secondsLeft, lifeSeconds }: LifeLeft, { left, over }: BarCells): string {
  const share = lifeSeconds === undefined || lifeSeconds <= 0 ? 0 : Math.min(1, secondsLeft / lifeSeconds);
  const full = secondsLeft <= 0 ? 0 : Math.max(1, Math.round(share * barCells));
  return left.repeat(full) + over.repeat(barCells - full);
}

/** Red: over. Yellow: no longer enough for the strictest callers, or a refresh has failed. */
export function lifeColour({ secondsLeft, lifeSeconds, isThreatened }: LifeLeft): LifeColour {
  if (secondsLeft <= 0) return 'red';
  const isShort = (lifeSeconds ?? Number.POSITIVE_INFINITY) < 20 * 60; // such lives cannot offer more, as in credentials/plan.ts
  const enough = isShort ? (lifeSeconds ?? 0) / 2 : callerWindowSeconds;
  return isThreatened || secondsLeft <= enough ? 'yellow' : 'green';
}

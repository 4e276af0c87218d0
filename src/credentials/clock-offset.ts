// What time AWS has, from the local clocks and one earlier comparison with AWS. Pure: knows no clock.
// Rather errs towards "later", which costs a refresh, than towards "earlier", which would revive expired credentials.

import type { EpochMs } from './credentials.ts';
import { isFields } from './json.ts';

/** The local clocks at one moment. */
export interface Reading {
  /** What the local wall clock shows. A person, NTP or a dead battery may set it. */
  readonly wallMs: EpochMs;
  /** Since boot, time asleep included. Nobody can set it; it starts anew at each boot. */
  readonly uptimeMs: number;
}

/** A moment at which AWS told the time. */
export interface Anchor extends Reading {
  readonly awsMs: EpochMs;
}

/** Less is no offset: the Date header has whole seconds, and the reply took its time. */
export const toleranceMs = 2_000;

/** An offset below this ends nothing that matters, so it is not worth a guess. */
const farBehindMs = 300_000;
/** So exactly a clock is put right: AWS tells whole seconds, and its reply took its time. */
const agreementMs = 15_000;

/** An anchor lasts this long before it is written anew, so that the bound stays near. */
export const anchorLifeMs = 3_600_000;

/**
 * Now as AWS counts. The offset measured at the anchor corrects the wall clock; the uptime since then is a lower bound, so that a wall
 * clock turned back revives nothing. After a reboot less is proven, but nothing false: uptime grew by less than the time that passed.
 * A clock that was far behind and now shows what the uptime proves was put right: corrected once more, it would end a day's session.
 */
export function awsNow(anchor: Anchor | undefined, reading: Reading): EpochMs {
  if (anchor === undefined) return reading.wallMs;
  const byWall = isPutRight(anchor, reading) ? reading.wallMs : reading.wallMs - offsetOf(anchor);
  return Math.round(Math.max(byWall, anchor.awsMs + provenSince(anchor, reading)));
}

/** An AWS time as the local wall clock will show it. An offset under the tolerance counts as none, so that one time is always shown alike. */
export function toLocal(
  at: EpochMs,
  { anchor, reading }: { readonly anchor: Anchor | undefined; readonly reading: Reading },
): EpochMs {
  const offset = Math.round(reading.wallMs) - awsNow(anchor, reading);
  return Math.abs(offset) < toleranceMs ? at : at + offset;
}

/** The anchor that a reply from AWS gives. An offset under the tolerance counts as none. */
export function anchorFrom(awsMs: EpochMs, reading: Reading): Anchor {
  const isExact = Math.abs(reading.wallMs - awsMs) < toleranceMs;
  return { wallMs: reading.wallMs, uptimeMs: reading.uptimeMs, awsMs: isExact ? reading.wallMs : awsMs };
}

/** True when keeping the old anchor would give an answer that is off, or when the old one is too old to be a good bound. */
export function isWorthKeeping(fresh: Anchor, old: Anchor | undefined): boolean {
  if (old === undefined) return true;
  if (Math.abs(awsNow(old, fresh) - fresh.awsMs) > toleranceMs) return true;
  // The bound may still hide that the offset is no longer true; after a reboot it would show.
  if (Math.abs(offsetOf(old) - offsetOf(fresh)) > toleranceMs) return true;
  const passed = fresh.uptimeMs - old.uptimeMs;
  return passed < 0 || passed > anchorLifeMs || Math.abs(fresh.awsMs - old.awsMs) > anchorLifeMs;
}

/** The anchor in a parsed file; undefined for anything that is not one. */
export function parseAnchor(value: unknown): Anchor | undefined {
  if (!isFields(value) || value['v'] !== anchorFormat) return undefined;
  const { wallMs, uptimeMs, awsMs } = value;
  return isTime(wallMs) && isTime(uptimeMs) && isTime(awsMs) ? { wallMs, uptimeMs, awsMs } : undefined;
}

export function anchorJson({ wallMs, uptimeMs, awsMs }: Anchor): string {
  return JSON.stringify({ v: anchorFormat, wallMs, uptimeMs, awsMs });
}

const anchorFormat = 1;

function offsetOf({ wallMs, awsMs }: Anchor): number {
  return wallMs - awsMs;
}

// Another boot's uptime says too little. A virtual machine that was paused shows a later time than its uptime proves.
function isPutRight(anchor: Anchor, { wallMs, uptimeMs }: Reading): boolean {
  const proven = anchor.awsMs + uptimeMs - anchor.uptimeMs;
  return uptimeMs >= anchor.uptimeMs && offsetOf(anchor) < -farBehindMs && Math.abs(wallMs - proven) < agreementMs;
}

// An uptime that is less than the anchor's began after the anchor, and all of it has passed since.
function provenSince(anchor: Anchor, { uptimeMs }: Reading): number {
  return uptimeMs >= anchor.uptimeMs ? uptimeMs - anchor.uptimeMs : uptimeMs;
}

// No later than the last day that a Date can hold, so that no sum of ours leaves the safe integers.
function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 8.64e15;
}

// The clock behind its port: the local clocks, corrected by what STS's Date header taught this machine.
// On the hot path: one small file is read, at the first question. A clock that cannot keep what it learnt still knows it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Anchor,
  anchorFrom,
  anchorJson,
  awsNow,
  isWorthKeeping,
  parseAnchor,
  type Reading,
  toLocal,
} from '../credentials/clock-offset.ts';
import { AppError } from '../errors.ts';
import type { Log } from '../ports/log.ts';
import type { Clock } from '../ports/time.ts';
import { ensurePrivateDirectory, type Owner } from './directory.ts';
import { pause } from './pause.ts';
import { createUptime } from './uptime.ts';
import { writeWholeFile } from './whole-file.ts';

export interface ClockPlace {
  /** From `stateDirectory`. */
  readonly base: string;
  /** From `readMachineName`. */
  readonly machine: string;
  readonly owner: Owner;
  readonly log: Log;
  /** The local clocks; tests bring their own. */
  readonly read?: () => Reading;
}

/** Other processes learn too: a clock that lives long looks at the file again from time to time. */
export function createClock(place: ClockPlace): Clock {
  const read = place.read ?? localClocks();
  const known = new KnownAnchor(place);
  return {
    now() {
      const reading = read();
      return awsNow(known.at(reading), reading);
    },
    toLocal(at) {
      const reading = read();
      return toLocal(at, { anchor: known.at(reading), reading });
    },
    learn(serverNow) {
      const reading = read();
      const fresh = anchorFrom(serverNow, reading);
      if (isWorthKeeping(fresh, known.at(reading))) known.keep(fresh);
    },
    lookAgain: () => known.forget(),
    wait: pause,
  };
}

const rereadMs = 60_000;

class KnownAnchor {
  readonly #place: ClockPlace;
  #anchor: Anchor | undefined;
  #readAtUptimeMs: number | undefined;

  constructor(place: ClockPlace) {
    this.#place = place;
  }

  at({ uptimeMs }: Reading): Anchor | undefined {
    if (this.#readAtUptimeMs !== undefined && uptimeMs - this.#readAtUptimeMs < rereadMs) return this.#anchor;
    // A file that vanished or broke teaches nothing; what is known already stays known.
    this.#anchor = readAnchor(join(this.#place.base, this.#place.machine, fileName)) ?? this.#anchor;
    this.#readAtUptimeMs = uptimeMs;
    return this.#anchor;
  }

  /** What was read, not what is known: the next question reads the file again. */
  forget(): void {
    this.#readAtUptimeMs = undefined;
  }

  keep(anchor: Anchor): void {
    this.#anchor = anchor;
    this.#readAtUptimeMs = anchor.uptimeMs;
    const { base, machine, owner, log } = this.#place;
    try {
      const directory = ensurePrivateDirectory({ base, below: [machine], owner });
      writeWholeFile(join(directory, fileName), `${anchorJson(anchor)}\n`);
      log.event('clock.learnt', { aheadMs: Math.round(anchor.wallMs - anchor.awsMs) });
    } catch (error) {
      // The call to AWS went well; it must not fail for this. The next process learns anew.
      if (!(error instanceof AppError)) throw error;
      log.event('clock.not-kept', { problem: error.message });
    }
  }
}

const fileName = 'clock.json';

function localClocks(): () => Reading {
  const uptimeMs = createUptime();
  return () => ({ wallMs: Date.now(), uptimeMs: uptimeMs() });
}

function readAnchor(path: string): Anchor | undefined {
  try {
    return parseAnchor(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined; // absent, unreadable or garbage: without an anchor the wall clock is all there is
  }
}

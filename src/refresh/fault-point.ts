// Where a test holds the program after a step of a refresh, an import, an edit, a rotation or an install, to kill it there from outside (house rule: any step may be the last one).
// Nothing of this is in the built program: tools/build.mjs sets FAULT_POINTS to false, and the code goes.

import { writeSync } from 'node:fs';
import process from 'node:process';

// Put in by the build; the sources as they are have none.
declare const FAULT_POINTS: boolean | undefined;

export type FaultPoint =
  | 'lock taken'
  | 'AWS answered'
  | 'index item written'
  | 'item written'
  | 'state published'
  | 'client registered'
  | 'tokens answered'
  | 'tokens written'
  | 'keys listed'
  | 'keys stored'
  | 'keys verified'
  | 'undo note kept'
  | 'file written'
  | 'rotation noted'
  | 'access key created'
  | 'new key stored'
  | 'new key verified'
  | 'old key kept'
  | 'keys switched'
  | 'new item removed'
  | 'grace noted'
  | 'old key inactive'
  | 'old key deleted'
  | 'old item removed'
  | 'service noted'
  | 'service files made'
  | 'service recorded'
  | 'old agent stopped'
  | 'service started'
  | 'service files removed';

const patienceMs = 60_000;

/** The step is done. Where the environment names it, says so on stderr and holds the whole process for a minute; else nothing. */
export function faultPoint(step: FaultPoint): void {
  if (typeof FAULT_POINTS === 'undefined' || FAULT_POINTS !== true) return;
  if (process.env['FAULT_POINT'] !== step) return;
  writeSync(2, `fault-point: ${step}\n`);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, patienceMs);
}

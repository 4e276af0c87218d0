// The files of the state directory: the same bytes lie in the place of each of them. Whatever they are, reading never fails but for a newer
// format, and the next write makes them sound again, except over a newer one.

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyIdOf, parseProfileName } from '../../../src/config/names.ts';
import { isoSeconds } from '../../../src/credentials/credentials.ts';
import { sha256Hex } from '../../../src/credentials/digest.ts';
import { isAppError, recallError } from '../../../src/errors.ts';
import type { State } from '../../../src/ports/state.ts';
import { readAgentRecord } from '../../../src/system/agent-record.ts';
import { createClock } from '../../../src/system/clock.ts';
import { createRotationRecords } from '../../../src/system/rotation-file.ts';
import { createServiceRecords } from '../../../src/system/service-record.ts';
import { createState } from '../../../src/system/state-file.ts';
import { createUndoNotes } from '../../../src/system/undo-file.ts';
import { must, type OpenTarget, type Target } from '../target.ts';
import { jsonTokens } from './items.ts';

const id = keyIdOf('fuzz');
const profile = parseProfileName('dev');
const keys = parseProfileName('corp');
const digest = sha256Hex(profile).slice(0, 16);
const configPath = '/x';
const shared = `undo-${sha256Hex(`${profile}\0${configPath}`).slice(0, 16)}.json`;

export const stateTarget: Target = {
  name: 'state',
  tokens: [
    ...jsonTokens,
    ...[
      `"id":"${id}"`,
      '"kind":"role"',
      '"kind":"session"',
      '"profile":"dev"',
      '"issuedAt":1',
      '"expiresAt":2',
      '"principals":{"corp":"arn:x"}',
    ],
    ...[
      '"failure":{"error":{"code":"network","details":{"endpoint":"x","problem":"y"}},"at":1,"count":1,"retryAt":2}',
      '"details":{}',
    ],
    ...[
      '"code":"recipe-invalid"',
      '"code":"toString"',
      '"chain":[]',
      '"oldAccessKeyId":"A","startedAt":1',
      '"command":"adopt","records":[]',
      '"profile":"dev","configPath":"/x"',
      '"earlier":[{"command":"import","keys":"corp","records":[]}]',
    ],
    ...[
      '"wallMs":1,"uptimeMs":1,"awsMs":1',
      '"pid":1,"socketPath":"/x"',
      '"steps":[{"keep":1},{"drop":1},{"put":"x"}],"lines":["a"]',
    ],
    ...['"files":[],"directories":[],"mode":"x"', '"path":"/x","before":"a"'],
  ],
  endings: ['broken', 'record', 'principals', 'other', 'newer'],
  open: openDirectory,
};

/** Each write waits for the disk. */
const writtenEvery = 8;

function openDirectory(): OpenTarget {
  const base = mkdtempSync(join(tmpdir(), 'rk-fuzz-'));
  const machine = 'machine';
  const directory = join(base, machine);
  mkdirSync(directory, { mode: 0o700 });
  const place = { base, machine, owner: { uid: process.getuid?.(), home: tmpdir() }, log: { event: () => undefined } };
  const recordPath = join(directory, `${id}.json`);
  const others = [`undo-${digest}.json`, `rotation-${digest}.json`, 'principals.json', 'clock.json', 'agent.json'].map((name) =>
    join(directory, name),
  );
  let inputs = 0;
  return {
    check: (input) => {
      for (const path of [recordPath, ...others, join(base, 'service.json'), join(base, shared)]) writeFileSync(path, input);
      const state = createState(place);
      const ending = checkRecord(state);
      checkClock(place, state.read(id)?.expiresAt ?? 1_767_000_000_000);
      const found = [
        state.principal(keys),
        orNewer(() => createUndoNotes({ ...place, configPath }).read(profile)),
        orNewer(() => createUndoNotes({ ...place, configPath }).all([profile])[0]),
        orNewer(() => createRotationRecords(place).read(profile)),
        orNewer(() => createServiceRecords(place).read()),
        readAgentRecord(place),
      ];
      inputs += 1;
      if (inputs % writtenEvery === 0) checkWriting(state);
      tidy(directory);
      if (ending !== undefined) return ending;
      if (found.includes('newer')) return 'newer';
      if (found[0] !== undefined) return 'principals';
      return found.some((one) => one !== undefined) ? 'other' : 'broken';
    },
    close: () => rmSync(base, { recursive: true }),
  };
}

function checkRecord(state: State): string | undefined {
  const record = state.read(id);
  if (record === undefined) return undefined;
  must(record.id === id && state.list().length === 1, 'a record is about its file');
  const { failure } = record;
  if (failure === undefined) return 'record';
  const error = recallError(failure.error.code, failure.error.details);
  must(error !== undefined && /^\P{Cc}*$/u.test(`${error.message}${error.hint ?? ''}`), 'a failure is one printable line');
  return 'record';
}

function checkClock(place: Parameters<typeof createClock>[0], expiresAt: number): void {
  const reading = { wallMs: 1_767_000_000_000, uptimeMs: 1_000 };
  const clock = createClock({ ...place, read: () => reading });
  must(Number.isSafeInteger(clock.now()), 'the clock tells a time');
  must(/^\d{4}-[\d-]{5}T[\d:]{8}Z$/.test(isoSeconds(clock.toLocal(expiresAt))), 'a time can be written');
}

function checkWriting(state: State): void {
  const fresh = { id, kind: 'role', profile, issuedAt: 1, expiresAt: 2 } as const;
  const wrote = orNewer(() => state.publish(fresh));
  if (wrote !== 'newer') must(JSON.stringify(state.read(id)) === JSON.stringify(fresh), 'what was broken is written anew');
  const knew = orNewer(() => state.rememberPrincipal(keys, 'arn:new'));
  if (knew !== 'newer') must(state.principal(keys) === 'arn:new', 'a principal is remembered');
}

/** What was set aside of broken files, so that the directory stays small. */
function tidy(directory: string): void {
  for (const name of readdirSync(directory)) if (name.endsWith('.broken')) rmSync(join(directory, name));
}

function orNewer<T>(work: () => T): T | 'newer' {
  try {
    return work();
  } catch (error) {
    if (isAppError(error, 'format-newer')) return 'newer';
    throw error;
  }
}

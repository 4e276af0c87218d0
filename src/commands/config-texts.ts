// Reads, shows and replaces the user's two AWS files. What an edit was made from is checked again just before it is written.

import type { ConfigTexts } from '../config/keys-pair.ts';
import { unifiedDiff } from '../config/unified-diff.ts';
import { AppError } from '../errors.ts';
import { faultPoint } from '../refresh/fault-point.ts';
import type { Wiring } from '../wiring.ts';
import { writeStdout } from './stdout.ts';

type FilePlaces = Pick<Wiring, 'configPath' | 'credentialsPath' | 'textFiles'>;

/** For an edit. A file that is not there reads as an empty one. Throws `edit-refused` where both are one file: neither text would be true of it. */
export function readTexts({ configPath, credentialsPath, textFiles }: FilePlaces): ConfigTexts {
  const texts = { config: textFiles.read(configPath) ?? '', credentials: textFiles.read(credentialsPath) ?? '' };
  if (!textFiles.isOneFile(configPath, credentialsPath)) return texts;
  throw new AppError('edit-refused', {
    path: configPath,
    line: 1,
    problem: 'it is the config file and the credentials file in one',
    hint: 'give the credentials a file of their own (AWS_SHARED_CREDENTIALS_FILE names it), then run the command again',
  });
}

const lockWaitMs = 10_000;

/**
 * One command of ours at a time reads, edits and writes the files; `work` reads them anew, since another may have been first. A lock
 * delays, it never prevents: what was changed meanwhile is found out at the write.
 */
export async function alone<T>({ openLock }: Pick<Wiring, 'openLock'>, work: () => T): Promise<T> {
  const lock = await openLock();
  const outcome = await lock.withLock('config', { waitMs: lockWaitMs }, async () => work());
  return outcome.kind === 'busy' ? work() : outcome.value;
}

/** Prints what would change, secrets masked. */
export function showEdit(before: ConfigTexts, after: ConfigTexts, { configPath, credentialsPath }: FilePlaces): void {
  writeStdout(
    unifiedDiff(configPath, before.config, after.config) + unifiedDiff(credentialsPath, before.credentials, after.credentials),
  );
}

/** What `writeTexts` would refuse, before keys are stored. */
export function refuseHardLinks(
  before: ConfigTexts,
  after: ConfigTexts,
  { configPath, credentialsPath, textFiles }: FilePlaces,
): void {
  if (before.config !== after.config) textFiles.refuseHardLink(configPath);
  if (before.credentials !== after.credentials) textFiles.refuseHardLink(credentialsPath);
}

/**
 * The config file goes first: with both the recipe and the plaintext in place everything still works, so a crash in between harms
 * nothing. Throws `config-unwritable` when a file has changed since it was read.
 */
export function writeTexts(
  before: ConfigTexts,
  after: ConfigTexts,
  { configPath, credentialsPath, textFiles }: FilePlaces,
): void {
  const replace = (path: string, from: string, to: string) => {
    if (from === to) return;
    textFiles.replace(path, textFiles.read(path) === undefined ? undefined : from, to);
    faultPoint('file written');
  };
  replace(configPath, before.config, after.config);
  replace(credentialsPath, before.credentials, after.credentials);
}

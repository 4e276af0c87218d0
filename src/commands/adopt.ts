// `rolekeeper adopt PROFILE…`: ordinary role profiles become pairs of sections in the config file. Needs neither the store nor AWS.
// `release` takes it back; the way back is noted before the file is touched.

import { type Adopted, type Adoption, ordinaryRoles, planAdoption, type Refused } from '../config/adoption.ts';
import type { ConfigTexts } from '../config/keys-pair.ts';
import { parseProfileName } from '../config/names.ts';
import { unifiedDiff } from '../config/unified-diff.ts';
import { AppError, isAppError } from '../errors.ts';
import { faultPoint } from '../refresh/fault-point.ts';
import { shellWord } from '../shell-word.ts';
import type { Wiring } from '../wiring.ts';
import { alone, readTexts, writeTexts } from './config-texts.ts';
import { writeStderr } from './report.ts';
import { writeStdout } from './stdout.ts';
import { keepNote } from './undo-files.ts';

export interface AdoptOptions {
  readonly profiles: readonly string[];
  readonly isAll: boolean;
  /** Adds a profile of that name and `-SUFFIX` instead. */
  readonly suffix: string | undefined;
  readonly isDryRun: boolean;
  readonly isYes: boolean;
}

/** With `isAll` what cannot be adopted is listed; else throws `edit-refused` for the first that cannot, and changes nothing. */
export async function adopt(options: AdoptOptions, wiring: Wiring): Promise<void> {
  refuseNone('adopt', options);
  if (options.suffix === '')
    throw new AppError('usage', { problem: 'adopt: --alias needs a suffix', hint: 'for example --alias rk' });
  const { before, adoption } = planNow(options, wiring);
  writeStderr([...obstacleLines(adoption), ...(options.isAll ? adoption.leftAlone : [])]);
  if (options.isDryRun) {
    writeStdout(unifiedDiff(wiring.configPath, before.config, adoption.config));
    writeStderr(['nothing was changed']);
    return;
  }
  if (adoption.adopted.length === 0) {
    writeStderr(['there is nothing to adopt']);
    return;
  }
  if (!options.isYes) await confirmAdoption(adoption.adopted, options, wiring);
  writeStderr(farewell(await adoptNow(options, wiring), options));
}

/** Without a question. Throws as `adopt` does. */
export async function adoptNow(options: Pick<AdoptOptions, 'profiles' | 'isAll' | 'suffix'>, wiring: Wiring): Promise<Adoption> {
  const undoNotes = await wiring.openUndoNotes();
  return await alone(wiring, () => {
    const { before, adoption } = planNow(options, wiring);
    // Before the file is touched: whatever happens next, there is a way back.
    for (const { profile, record } of adoption.adopted) keepNote(profile, { command: 'adopt', records: [record] }, undoNotes);
    faultPoint('undo note kept');
    writeTexts(before, { ...before, config: adoption.config }, wiring);
    return adoption;
  });
}

/** Throws `usage` unless either profiles are named or all are meant. */
export function refuseNone(
  command: string,
  { profiles, isAll }: { readonly profiles: readonly string[]; readonly isAll: boolean },
): void {
  if (profiles.length > 0 !== isAll) return;
  const problem = isAll ? `${command}: profiles and --all do not go together` : `${command}: which profiles?`;
  throw new AppError('usage', { problem, hint: `name them, or say \`rolekeeper ${command} --all\`` });
}

/** What a person reads of profiles that were left alone. */
export function refusedLines(refused: readonly Refused[]): readonly string[] {
  return refused.map(({ profile, error }) => {
    const { path, line, problem } = isAppError(error, 'edit-refused')
      ? error.details
      : { path: '', line: 0, problem: error.message };
    return `"${profile}" is left as it is: ${path === '' ? problem : `${path}:${line}: ${problem}`}`;
  });
}

interface Plan {
  readonly before: ConfigTexts;
  readonly adoption: Adoption;
}

/** From the files as they are now. */
function planNow({ profiles, isAll, suffix }: Pick<AdoptOptions, 'profiles' | 'isAll' | 'suffix'>, wiring: Wiring): Plan {
  const { env, program } = wiring;
  const before = readTexts(wiring);
  const wanted = isAll ? ordinaryRoles(before, wiring) : [...new Set(profiles.map(parseProfileName))];
  const adoption = planAdoption(wanted, { texts: before, paths: wiring, env, program, suffix });
  const [first] = adoption.refused;
  if (first !== undefined && !isAll) throw first.error;
  return { before, adoption };
}

function obstacleLines({ refused, already, config }: Adoption): readonly string[] {
  return [
    ...refusedLines(refused),
    ...(already.length === 0 ? [] : [`on rolekeeper already: ${already.join(', ')}`]),
    // sdk-contract.md 18: not our business to change, but worth knowing.
    ...(config.startsWith('\ufeff')
      ? ['the file begins with a byte order mark, which is kept: the aws program refuses such a file']
      : []),
    ...(config.includes('\r\n')
      ? ['the file has line ends of Windows, which are kept: some programs, Terraform for one, trip over them']
      : []),
  ];
}

async function confirmAdoption(adopted: readonly Adopted[], options: AdoptOptions, wiring: Wiring): Promise<void> {
  const names = adopted.map(({ profile }) => profile).join(', ');
  const words = [
    ...(options.isAll ? ['--all'] : options.profiles.map(shellWord)),
    ...(options.suffix === undefined ? [] : [`--alias ${shellWord(options.suffix)}`]),
  ];
  const instead = `run \`rolekeeper adopt ${words.join(' ')} --yes\``;
  const terminal = await wiring.openTerminal({ command: 'adopt', instead });
  const question =
    options.suffix === undefined
      ? `Put ${names} on rolekeeper, in ${wiring.configPath}?`
      : `Add ${names} to ${wiring.configPath}?`;
  if (!(await terminal.confirm(question))) throw new AppError('declined', {});
}

function farewell({ adopted }: Adoption, { isAll, suffix }: AdoptOptions): readonly string[] {
  const names = adopted.map(({ profile }) => profile);
  const imports = new Set(adopted.flatMap(({ next }) => (next.kind === 'import' ? [next.profile] : [])));
  const starts = adopted.flatMap(({ next }) => (next.kind === 'login' ? [next] : []));
  const logins = starts.filter(({ start }, index) => starts.findIndex((other) => other.start === start) === index);
  return [
    `${suffix === undefined ? 'on rolekeeper now' : 'added'}: ${names.join(', ')}`,
    `to take it back: \`rolekeeper release ${isAll ? '--all' : names.map(shellWord).join(' ')}\``,
    ...[...imports].map(
      (profile) => `next: \`rolekeeper import ${shellWord(profile)}\`, whose access keys are still in plaintext`,
    ),
    ...logins.map(({ profile }) => `next: \`rolekeeper login ${shellWord(profile)}\``),
  ];
}

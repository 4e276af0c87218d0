// What `setup` asks, each only where neither an option nor the files have the answer. Changes nothing.

import type { TypedKeys } from '../config/keys-pair.ts';
import { type ProfileName, parseProfileName } from '../config/names.ts';
import type { SetupPlan } from '../config/setup-plan.ts';
import { AppError } from '../errors.ts';
import type { Terminal } from '../ports/person.ts';
import { parseDevice } from './add.ts';

export interface Answers {
  readonly profile: string | undefined;
  readonly region: string | undefined;
  /** An ARN, or `none`. */
  readonly mfaSerial: string | undefined;
  readonly prove: string | undefined;
}

/** Undefined where nobody is there, or nobody wants to be asked. */
export type Asked = Terminal | undefined;

/** Of several profiles with keys, one or all of them. */
export async function askScope({ imports }: SetupPlan, asked: Asked): Promise<ProfileName | undefined> {
  if (asked === undefined || imports.length < 2) return undefined;
  const all = 'all of them';
  const names = imports.map(({ recipe }) => recipe.profile);
  const chosen = await asked.choose('Several profiles have access keys in plaintext. Which shall move?', [all, ...names]);
  return names.find((name) => name === chosen);
}

/** For who has no keys in a file. The device is asked for once AWS has said whose keys these are. */
export async function askProfile({ profile, region, mfaSerial }: Answers, asked: Asked): Promise<TypedKeys> {
  const name = profile ?? ((await asked?.ask('What shall the profile be called? (Enter: default)')) || 'default');
  const place = region ?? (await asked?.ask('Which region does it work in? (for example eu-west-1; Enter: none)'));
  const parsed = parseProfileName(name.trim());
  return { profile: parsed, name: parsed, region: place?.trim() || undefined, serial: deviceGiven(mfaSerial) };
}

/** The MFA device of keys for which no file names one; undefined for none. */
export async function askDevice(userArn: string, { mfaSerial }: Answers, asked: Asked): Promise<string | undefined> {
  if (mfaSerial !== undefined || asked === undefined) return deviceGiven(mfaSerial);
  if (!(await asked.confirm(`Does ${userArn} have an MFA device (an app or a token that shows six digits)?`))) return undefined;
  const usual = userArn.replace(/:user\/(.*\/)?/, ':mfa/');
  for (;;) {
    const typed = (await asked.ask(`Its ARN, as IAM shows it? (Enter: ${usual})`)).trim();
    try {
      return parseDevice(typed || usual);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      asked.say(error.message);
    }
  }
}

function deviceGiven(mfaSerial: string | undefined): string | undefined {
  return mfaSerial === undefined || mfaSerial === 'none' ? undefined : parseDevice(mfaSerial);
}

/** A role, where there is one: that proves the whole chain. Throws `usage` for a profile that will not be on rolekeeper. */
export async function askProof(
  { provable, roles }: Pick<SetupPlan, 'provable' | 'roles'>,
  { prove }: Answers,
  asked: Asked,
): Promise<ProfileName> {
  const named = prove === undefined ? provable[0] : provable.find((profile) => profile === prove);
  if (named === undefined) {
    const problem = `there is nothing to try${prove === undefined ? '' : `: "${prove}" would not be on rolekeeper`}`;
    const hint = provable.length === 0 ? 'see `rolekeeper doctor`' : `--prove can be one of: ${provable.join(', ')}`;
    throw new AppError('usage', { problem, hint });
  }
  if (asked === undefined || prove !== undefined || roles.length < 2) return named;
  const chosen = await asked.choose('Which profile shall be tried in the end?', roles);
  return roles.find((profile) => profile === chosen) ?? named;
}

/** Throws `declined` for a no. */
export async function askConsent(showChanges: () => void, asked: Asked): Promise<void> {
  const choices = { go: 'yes', show: 'show what changes in the files, first', stop: 'no, change nothing' } as const;
  for (;;) {
    const chosen = asked === undefined ? choices.go : await asked.choose('Shall it be done?', Object.values(choices));
    if (chosen === choices.go) return;
    if (chosen !== choices.show) throw new AppError('declined', {});
    showChanges();
  }
}

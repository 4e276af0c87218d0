// What `setup` is about: everything there is, a part of it, or keys that somebody has to type.

import type { TypedKeys } from '../config/keys-pair.ts';
import { keysAccount, type ProfileName, parseProfileName } from '../config/names.ts';
import { type KeysElsewhere, noWishes, planSetup, type SetupPlan, type SetupWishes } from '../config/setup-plan.ts';
import { AppError } from '../errors.ts';
import type { Store } from '../ports/store.ts';
import { shellWord } from '../shell-word.ts';
import type { Wiring } from '../wiring.ts';
import { type Adding, readKeys, routeOf } from './add.ts';
import { refusedLines } from './adopt.ts';
import { readTexts } from './config-texts.ts';
import { unlessInterrupted } from './interruption.ts';
import { writeStderr } from './report.ts';
import { askProfile, askScope } from './setup-questions.ts';
import type { SetupOptions, SetupSides } from './setup-sides.ts';
import { introduction } from './setup-words.ts';

/** Undefined for all that is there. */
export async function chooseScope(options: SetupOptions, { wiring, asked }: SetupSides): Promise<ProfileName | undefined> {
  const all = planNow(noWishes, wiring);
  const isDone = all.imports.length + all.adoption.adopted.length === 0;
  if (!isDone || all.provable.length === 0) writeStderr(introduction);
  // In a file that has nothing for us, the name is that of a profile to be made.
  if (isDone && all.provable.length === 0) return undefined;
  if (options.profile !== undefined) return options.accessKeyId === undefined ? parseProfileName(options.profile) : undefined;
  return await askScope(all, asked);
}

export interface Scope {
  readonly wishes: SetupWishes;
  readonly adding: Adding | undefined;
  /** Whether some file names the MFA device of the keys that were typed. */
  readonly hasDevice: boolean;
}

/** Keys have to be typed where an option says so, and where neither a file nor the store has any that a profile starts from. */
export async function chooseKeys(
  wishes: SetupWishes,
  store: Store,
  { options, sides }: { readonly options: SetupOptions; readonly sides: SetupSides },
): Promise<Scope> {
  const { wiring, signal } = sides;
  const plan = planNow(wishes, wiring);
  const missing: KeysElsewhere[] = [];
  for (const source of plan.sources) {
    if ((await unlessInterrupted(signal, () => store.get(keysAccount(source.name)))) === undefined) missing.push(source);
  }
  const hasNone = plan.sources.length === 0 ? plan.provable.length === 0 : missing.length === plan.sources.length;
  const isShort = plan.imports.length === 0 && hasNone;
  if (options.accessKeyId === undefined && !isShort) {
    const left = missing.map(({ profile }) => profile);
    writeStderr(
      left.map(
        (profile) =>
          `"${profile}" has no keys here, neither in a file nor in the store: \`rolekeeper add ${shellWord(profile)}\``,
      ),
    );
    return { wishes: { ...wishes, left }, adding: undefined, hasDevice: false };
  }
  return await askKeys(plan, wishes, { missing: isShort ? missing : [], options, sides });
}

async function askKeys(
  plan: SetupPlan,
  wishes: SetupWishes,
  {
    missing: [first, ...others],
    options,
    sides: { wiring, asked, signal },
  }: { readonly missing: readonly KeysElsewhere[]; readonly options: SetupOptions; readonly sides: SetupSides },
): Promise<Scope> {
  const why =
    first === undefined ? 'No file has access keys.' : `The keys of "${first.profile}" are neither in a file nor in the store.`;
  if (options.accessKeyId === undefined)
    writeStderr([...refusedLines(plan.refused), `${why} So type them; they go into the store only.`]);
  const answers = first === undefined ? options : { ...options, profile: first.profile, region: '' };
  const profile = await askProfile(answers, asked);
  const typed = { ...profile, name: first?.name ?? profile.name };
  refuseTyped(typed, plan);
  const route = routeOf(typed, wiring);
  const instead = 'say `rolekeeper setup --yes --profile NAME --access-key-id AKIA…`, with the secret access key on stdin';
  const asker = { command: 'setup', instead, signal };
  const keys = await readKeys(typed, options.accessKeyId, { asker, wiring });
  const left = others.map(({ profile }) => profile);
  const only = first === undefined ? typed.profile : wishes.only;
  return { wishes: { ...wishes, only, typed, left }, adding: { typed, keys, route }, hasDevice: first?.hasDevice === true };
}

/** Keys in a file win over everything else. */
function refuseTyped({ profile }: TypedKeys, { imports }: SetupPlan): void {
  if (imports.every(({ recipe }) => recipe.profile !== profile)) return;
  const problem = `"${profile}" has access keys in a file already`;
  throw new AppError('usage', { problem, hint: 'leave --access-key-id away, or name another profile' });
}

/** By the files as they are now. */
export function planNow(wishes: SetupWishes, wiring: Wiring): SetupPlan {
  const { env, program } = wiring;
  return planSetup(readTexts(wiring), wishes, { paths: wiring, env, program });
}

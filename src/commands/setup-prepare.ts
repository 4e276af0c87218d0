// The part of `setup` before the first change to the person's files: what is there, what AWS says of it, what the person wants.

import type { ProfileName } from '../config/names.ts';
import { mfaSerialOf, needsCode, type Recipe, signInOf, stepsOf } from '../config/recipe.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import { type FoundKeys, noWishes, parseTexts, type SetupPlan, type SetupWishes } from '../config/setup-plan.ts';
import { AppError, isAppError } from '../errors.ts';
import { knownPrincipal } from '../hops/keys.ts';
import type { Store } from '../ports/store.ts';
import { nextGet } from '../refresh/next-get.ts';
import { signInRecord } from '../refresh/sign-in-record.ts';
import type { Wiring } from '../wiring.ts';
import type { Adding } from './add.ts';
import { readTexts, showEdit } from './config-texts.ts';
import { identifyImport } from './import.ts';
import { unlessInterrupted } from './interruption.ts';
import { recordedFiles } from './recorded-wiring.ts';
import { writeStderr } from './report.ts';
import { planBackground } from './setup-background.ts';
import { type Asked, askConsent, askDevice, askProof } from './setup-questions.ts';
import { chooseKeys, chooseScope, planNow, type Scope } from './setup-scope.ts';
import type { SetupOptions, SetupSides } from './setup-sides.ts';
import { openChosenStore } from './setup-store.ts';
import { idleLine, isIdle, type Planned, planLines } from './setup-words.ts';
import { identifyKeys } from './take-keys.ts';

export interface Prepared {
  readonly planned: Planned;
  readonly wishes: SetupWishes;
  /** Keys that were typed. */
  readonly adding: Adding | undefined;
  readonly store: Store;
  readonly code: string | undefined;
}

/** Throws `declined` for a no, and whatever would make the rest fail. */
export async function prepare(options: SetupOptions, sides: SetupSides): Promise<Prepared> {
  const { wiring, asked, signal } = sides;
  const only = await chooseScope(options, sides);
  const chosen = await openStoreFor(options, sides);
  const wishes = { ...noWishes, only, settings: chosen.settings };
  const scope = await chooseKeys(wishes, chosen.store, { options, sides });
  const found = await askAws(scope, chosen.store, { options, sides });
  const plan = planNow(found.wishes, wiring);
  refuseNothing(plan, found.wishes.only);
  const background = await unlessInterrupted(signal, () => planBackground(options, sides));
  const common = {
    ...{ plan, owners: found.owners, background, typed: found.adding?.typed.profile },
    ...{ place: chosen.store.description, settings: chosen.settings },
  };
  const isQuiet = isIdle(common);
  const proof = recipeAfter(await askProof(plan, options, isQuiet ? undefined : asked), plan, wiring);
  const planned: Planned = { ...common, proof, needsLogin: needsLogin(proof, wiring) };
  refuseWithoutCode(planned, options, sides);
  if (isQuiet) writeStderr([idleLine(planned)]);
  else await agree(planned, sides);
  return { planned, wishes: found.wishes, adding: found.adding, store: chosen.store, code: options.code };
}

async function openStoreFor(options: SetupOptions, sides: SetupSides): ReturnType<typeof openChosenStore> {
  const { wiring, home, asked, signal, journal, makeAgeKeyFile } = sides;
  const textFiles = recordedFiles(wiring.textFiles, sides);
  const chosen = await openChosenStore(options, { wiring, home, terminal: asked, textFiles, signal, makeAgeKeyFile });
  journal.note(() => chosen.store.close());
  return chosen;
}

interface Found {
  readonly wishes: SetupWishes;
  readonly adding: Adding | undefined;
  readonly owners: ReadonlyMap<ProfileName, string>;
}

/** Whose the keys are, and which device they have. Keys that AWS refuses are left alone, unless they are the only ones. */
async function askAws(
  { wishes, adding, hasDevice }: Scope,
  store: Store,
  { options, sides }: { readonly options: SetupOptions; readonly sides: SetupSides },
): Promise<Found> {
  const { wiring, asked, signal } = sides;
  const owners = new Map<ProfileName, string>();
  if (adding !== undefined) {
    const { typed, keys, route } = adding;
    const ports = await wiring.openRefresh(store);
    const { userArn } = await unlessInterrupted(signal, () => identifyKeys(keys, route, ports));
    const whole = { ...typed, serial: hasDevice ? undefined : await askDevice(userArn, options, asked) };
    owners.set(typed.profile, userArn);
    return { wishes: { ...wishes, typed: whole }, adding: { ...adding, typed: whole }, owners };
  }
  const { imports } = planNow(wishes, wiring);
  const left = [...wishes.left];
  for (const found of imports) {
    const { profile } = found.recipe;
    try {
      const importing = { ...found, isKept: false };
      owners.set(profile, (await unlessInterrupted(signal, () => identifyImport(importing, store, wiring))).userArn);
    } catch (error) {
      if (!isAppError(error, 'aws-refused') || error.isTransient || imports.length === 1) throw error;
      writeStderr([`"${profile}" is left as it is: ${error.message}`]);
      left.push(profile);
    }
  }
  return { wishes: { ...wishes, left, serials: await askDevices({ imports, owners }, { options, asked }) }, adding, owners };
}

async function askDevices(
  { imports, owners }: { readonly imports: readonly FoundKeys[]; readonly owners: ReadonlyMap<ProfileName, string> },
  { options, asked }: { readonly options: SetupOptions; readonly asked: Asked },
): Promise<ReadonlyMap<ProfileName, string>> {
  const bare = imports.filter(({ hasDevice, recipe }) => !hasDevice && owners.has(recipe.profile));
  if (options.mfaSerial !== undefined && bare.length > 1) {
    const problem = `--mfa-serial: ${bare.length} profiles have keys without a device`;
    throw new AppError('usage', { problem, hint: 'name one of them with --profile' });
  }
  const serials = new Map<ProfileName, string>();
  for (const { recipe } of bare) {
    const serial = await askDevice(owners.get(recipe.profile) ?? recipe.profile, options, asked);
    if (serial !== undefined) serials.set(recipe.profile, serial);
  }
  return serials;
}

/** Throws the reason why the one profile that was asked for cannot be set up. */
function refuseNothing({ refused }: SetupPlan, only: ProfileName | undefined): void {
  const reason = refused.find(({ profile }) => profile === only);
  if (reason !== undefined) throw reason.error;
}

function recipeAfter(profile: ProfileName, { after }: SetupPlan, wiring: Wiring): Recipe {
  return resolveRecipe(profile, parseTexts(after, wiring), wiring.env);
}

/** By what the state knows: whether a `get` would want a person. */
export function needsLogin(recipe: Recipe, { state, clock }: Wiring): boolean {
  const userArn = knownPrincipal(recipe, state);
  if (userArn === undefined) return recipe.hops.some(needsCode);
  const records = stepsOf(recipe, userArn).map(({ id }) => state.read(id));
  return nextGet({ recipe, records, signIn: signInRecord(recipe, state), now: clock.now() }).kind === 'login';
}

/** Nobody is there to type it later. */
function refuseWithoutCode({ proof, needsLogin: isLogin }: Planned, { code }: SetupOptions, { terminal }: SetupSides): void {
  if (!isLogin || signInOf(proof) !== undefined || code !== undefined || proof.mfaProcess !== undefined || terminal.isInteractive)
    return;
  const instead = `give the code of ${proof.hops.map(mfaSerialOf).find(Boolean) ?? 'the MFA device'}: --code 123456`;
  throw new AppError('no-terminal', { command: 'setup', instead });
}

async function agree(planned: Planned, { wiring, asked }: SetupSides): Promise<void> {
  writeStderr(planLines(planned));
  await askConsent(() => showEdit(readTexts(wiring), planned.plan.after, wiring), asked);
}

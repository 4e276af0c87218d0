// The part of `setup` before the first change to the person's files: what is there, what AWS says of it, what the person wants.

import type { TypedKeys } from '../config/keys-pair.ts';
import { type ProfileName, parseProfileName } from '../config/names.ts';
import { needsCode, type Recipe, stepsOf } from '../config/recipe.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import { type FoundKeys, noWishes, parseTexts, planSetup, type SetupPlan, type SetupWishes } from '../config/setup-plan.ts';
import { AppError, isAppError } from '../errors.ts';
import { knownPrincipal } from '../hops/keys.ts';
import type { Store, Terminal } from '../ports.ts';
import { nextGet } from '../refresh/next-get.ts';
import type { SetupSide, Wiring } from '../wiring.ts';
import { type Adding, readKeys, routeOf } from './add.ts';
import { readTexts, showEdit } from './config-texts.ts';
import { identifyImport } from './import.ts';
import { unlessInterrupted } from './interruption.ts';
import type { Journal } from './journal.ts';
import { recordedFiles } from './recorded-wiring.ts';
import { writeStderr } from './report.ts';
import { planBackground } from './setup-background.ts';
import { type Asked, askConsent, askDevice, askProfile, askProof, askScope } from './setup-questions.ts';
import { openChosenStore } from './setup-store.ts';
import { introduction, isIdle, type Planned, planLines } from './setup-words.ts';
import { identifyKeys } from './take-keys.ts';
import type { UninstallPorts } from './uninstall.ts';

export interface SetupOptions {
  readonly profile: string | undefined;
  readonly prove: string | undefined;
  readonly accessKeyId: string | undefined;
  readonly region: string | undefined;
  /** An ARN, or `none`. */
  readonly mfaSerial: string | undefined;
  readonly store: string | undefined;
  readonly ageKeyFile: string | undefined;
  readonly code: string | undefined;
  readonly isInstalling: boolean;
  readonly isDryRun: boolean;
  readonly isYes: boolean;
  /** This program's. */
  readonly version: string;
}

export interface SetupSides extends SetupSide {
  readonly wiring: Wiring;
  readonly ports: UninstallPorts;
  readonly home: string;
  readonly asked: Asked;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly journal: Journal;
}

export interface Prepared {
  readonly planned: Planned;
  readonly wishes: SetupWishes;
  /** Keys that were typed. */
  readonly adding: Adding | undefined;
  readonly store: Store;
  readonly code: string | undefined;
}

/** Throws `interrupted` for a no, and whatever would make the rest fail. */
export async function prepare(options: SetupOptions, sides: SetupSides): Promise<Prepared> {
  const { wiring, asked, signal } = sides;
  writeStderr(introduction);
  const scope = await chooseScope(options, sides);
  const chosen = await openStoreFor(options, sides);
  const wishes = { ...noWishes, ...scope.wishes, settings: chosen.settings };
  const found = await askAws({ ...scope, wishes }, chosen.store, { options, sides });
  const plan = planNow(found.wishes, wiring);
  refuseNothing(plan, found.wishes.only);
  const background = await unlessInterrupted(signal, () => planBackground(options, sides));
  const common = {
    ...{ plan, owners: found.owners, background, typed: found.adding?.typed.profile },
    ...{ place: chosen.store.description, isNewStore: Object.keys(chosen.settings).length > 0 },
  };
  const isQuiet = isIdle(common);
  const proof = recipeAfter(await askProof(plan, options, isQuiet ? undefined : asked), plan, wiring);
  const planned: Planned = { ...common, proof, needsLogin: needsLogin(proof, wiring) };
  refuseWithoutCode(planned, options, sides);
  if (isQuiet) writeStderr(['everything is set up already; what is left is the proof']);
  else await agree(planned, sides);
  return { planned, wishes: found.wishes, adding: found.adding, store: chosen.store, code: options.code };
}

interface Scope {
  readonly wishes: Pick<SetupWishes, 'only' | 'typed'>;
  readonly adding: Adding | undefined;
}

async function chooseScope(options: SetupOptions, { wiring, asked }: SetupSides): Promise<Scope> {
  const named = options.profile === undefined ? undefined : parseProfileName(options.profile);
  const all = planNow(noWishes, wiring);
  const isBare = all.imports.length + all.adoption.adopted.length + all.refused.length + all.provable.length === 0;
  if (options.accessKeyId === undefined && !isBare) {
    return { wishes: { only: named ?? (await askScope(all, asked)), typed: undefined }, adding: undefined };
  }
  if (isBare)
    writeStderr([`${wiring.configPath} has no role, and no file has access keys. So type them; they go into the store only.`]);
  const typed = await askProfile(options, asked);
  refuseTyped(typed, all);
  const route = routeOf(typed, wiring);
  const instead = 'say `rolekeeper setup --yes --profile NAME --access-key-id AKIA…`, with the secret access key on stdin';
  const keys = await readKeys(typed, options.accessKeyId, { asker: { command: 'setup', instead }, wiring });
  return { wishes: { only: typed.profile, typed }, adding: { typed, keys, route } };
}

/** Keys in a file win over everything else. */
function refuseTyped({ profile }: TypedKeys, { imports }: SetupPlan): void {
  if (imports.every(({ recipe }) => recipe.profile !== profile)) return;
  const problem = `"${profile}" has access keys in a file already`;
  throw new AppError('usage', { problem, hint: 'leave --access-key-id away, or name another profile' });
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
  { wishes, adding }: { readonly wishes: SetupWishes; readonly adding: Adding | undefined },
  store: Store,
  { options, sides }: { readonly options: SetupOptions; readonly sides: SetupSides },
): Promise<Found> {
  const { wiring, asked, signal } = sides;
  const owners = new Map<ProfileName, string>();
  if (adding !== undefined) {
    const { typed, keys, route } = adding;
    const ports = await wiring.openRefresh(store);
    const { userArn } = await unlessInterrupted(signal, () => identifyKeys(keys, route, ports));
    const whole = { ...typed, serial: await askDevice(userArn, options, asked) };
    owners.set(typed.profile, userArn);
    return { wishes: { ...wishes, typed: whole }, adding: { ...adding, typed: whole }, owners };
  }
  const { imports } = planNow(wishes, wiring);
  const left: ProfileName[] = [];
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

function planNow(wishes: SetupWishes, wiring: Wiring): SetupPlan {
  const { env, program } = wiring;
  return planSetup(readTexts(wiring), wishes, { paths: wiring, env, program });
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
  const userArn = knownPrincipal(recipe.keys, state);
  if (userArn === undefined) return recipe.hops.some(needsCode);
  const records = stepsOf(recipe, userArn).map(({ id }) => state.read(id));
  return nextGet({ recipe, records, now: clock.now() }).kind === 'login';
}

/** Nobody is there to type it later. */
function refuseWithoutCode({ proof, needsLogin: isLogin }: Planned, { code }: SetupOptions, { terminal }: SetupSides): void {
  if (!isLogin || code !== undefined || proof.mfaProcess !== undefined || terminal.isInteractive) return;
  const instead = `give the code of ${proof.hops.find(needsCode)?.mfaSerial ?? 'the MFA device'}: --code 123456`;
  throw new AppError('no-terminal', { command: 'setup', instead });
}

async function agree(planned: Planned, { wiring, asked }: SetupSides): Promise<void> {
  writeStderr(planLines(planned));
  await askConsent(() => showEdit(readTexts(wiring), planned.plan.after, wiring), asked);
}

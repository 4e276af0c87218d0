// The part of `setup` that changes things. Each step goes by the files as they are then, and notes how it is taken back.

import { type Account, keysNameOf } from '../config/names.ts';
import { profileSettings } from '../config/profile-settings.ts';
import { type Recipe, stepsOf } from '../config/recipe.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import { type FoundKeys, withSettings } from '../config/setup-plan.ts';
import { AppError } from '../errors.ts';
import { knownPrincipal } from '../hops/keys.ts';
import { shellWord } from '../shell-word.ts';
import type { Wiring } from '../wiring.ts';
import { putKeys } from './add.ts';
import { adoptNow } from './adopt.ts';
import { alone, readTexts, writeTexts } from './config-texts.ts';
import { forgetItems, type Item } from './forget-items.ts';
import { handOver } from './hand-over.ts';
import { moveKeys } from './import.ts';
import { throwIfInterrupted } from './interruption.ts';
import { login } from './login.ts';
import { loginTargets } from './login-target.ts';
import { prove } from './prove.ts';
import { recordedStore, recordedWiring } from './recorded-wiring.ts';
import { writeStderr } from './report.ts';
import { startBackground } from './setup-background.ts';
import { needsLogin, type Prepared } from './setup-prepare.ts';
import type { SetupSides } from './setup-sides.ts';
import { environmentLines, farewell, proofLine } from './setup-words.ts';
import { tellAgentToForget } from './tell-agent.ts';

/** When it throws, the journal knows what was done. */
export async function carryOut(prepared: Prepared, sides: SetupSides): Promise<void> {
  const { wiring, signal, ports } = sides;
  const { planned } = prepared;
  const refuseLoss = (account: Account) => refuseLostKeys(account, planned.plan.imports, wiring);
  const recorded = recordedWiring(wiring, recordedStore(prepared.store, wiring, { ...sides, refuseLoss }), sides);
  throwIfInterrupted(signal);
  await setUpFiles(prepared, recorded);
  const proof = recipeNow(planned.proof, recorded);
  if (needsLogin(proof, recorded)) await login({ profile: proof.loginTarget, code: prepared.code }, recorded);
  throwIfInterrupted(signal);
  writeStderr(await startBackground(planned.background, { wiring, ports, journal: sides.journal }));
  await handOver(prepared.store, wiring);
  await proveIt(proof, prepared, sides);
  writeStderr([...farewell(planned, otherLogins(proof, prepared, wiring)), ...environmentLines(wiring.env)]);
  await prepared.store.close();
}

/** Whoever took the plaintext out of its file meanwhile relies on the store. Throws `keys-at-risk`. */
function refuseLostKeys(account: Account, imports: readonly FoundKeys[], { readConfig }: Wiring): void {
  const name = keysNameOf(account);
  const found = imports.find((one) => one.name === name);
  if (found === undefined || name === undefined) return;
  const { profile, keys } = found.recipe;
  if (profileSettings(profile, readConfig())?.plaintext?.accessKeyId === keys?.plaintext?.accessKeyId) return;
  const problem = `the file of "${profile}" has not got them any more`;
  throw new AppError('keys-at-risk', { keys: name, problem, hint: `see \`rolekeeper explain ${shellWord(profile)}\`` });
}

async function setUpFiles({ planned, wishes, adding }: Prepared, recorded: Wiring): Promise<void> {
  const store = await recorded.openStore({ deadlineMs: storeDeadlineMs, prompts: 'allowed' });
  const agree = async () => undefined; // to all of it, before
  const say = (profile: string, userArn: string) =>
    writeStderr([`the keys of "${profile}" (${userArn}) are in the store; read back and accepted by AWS`]);
  if (Object.keys(wishes.settings).length > 0) await writeSettings(wishes.settings, recorded);
  for (const found of planned.plan.imports) {
    const userArn = await moveKeys({ ...found, isKept: false }, { store, agree, wiring: recorded });
    say(found.recipe.profile, userArn);
  }
  if (adding !== undefined) say(adding.typed.profile, await putKeys(adding, { store, agree, wiring: recorded }));
  const roles = planned.plan.adoption.adopted.map(({ profile }) => profile);
  if (roles.length === 0) return;
  const { adopted } = await adoptNow({ profiles: roles, isAll: false, suffix: undefined }, recorded);
  writeStderr([`on rolekeeper now: ${adopted.map(({ profile }) => profile).join(', ')}`]);
}

const storeDeadlineMs = 60_000;

async function writeSettings(settings: Prepared['wishes']['settings'], recorded: Wiring): Promise<void> {
  await alone(recorded, () => {
    const before = readTexts(recorded);
    writeTexts(before, { ...before, config: withSettings(before.config, settings, recorded.configPath) }, recorded);
  });
}

async function proveIt({ profile }: Recipe, { store }: Prepared, sides: SetupSides): Promise<void> {
  const { wiring, signal, journal } = sides;
  const files = wiring.readConfig();
  // What an earlier answer left in the agent's memory proves nothing.
  await tellAgentToForget(wiring);
  const items = await newItems(resolveRecipe(profile, files, wiring.env), { store, wiring });
  journal.note(async () => {
    const { clock, state } = wiring;
    await forgetItems(items, { clock, state, store, lock: await wiring.openLock(), say: (line) => writeStderr([line]) });
  });
  throwIfInterrupted(signal);
  const { sts } = await wiring.openRefresh(store);
  const identity = await prove(profile, files, { ...wiring, sts, signal });
  throwIfInterrupted(signal);
  writeStderr([proofLine(profile, identity)]);
}

/** What the profile's line will put into the store, and is not there yet. */
async function newItems(
  recipe: Recipe,
  { store, wiring }: Pick<Prepared, 'store'> & { readonly wiring: Wiring },
): Promise<readonly Item[]> {
  const userArn = knownPrincipal(recipe, wiring.state);
  const steps = userArn === undefined ? [] : stepsOf(recipe, userArn);
  const items: Item[] = [];
  for (const step of steps) {
    if ((await store.get(step.account)) === undefined) items.push(step);
  }
  return items;
}

function recipeNow({ profile }: Recipe, { readConfig, env }: Wiring): Recipe {
  return resolveRecipe(profile, readConfig(), env);
}

function otherLogins(proof: Recipe, { planned }: Prepared, wiring: Wiring): readonly Recipe['loginTarget'][] {
  const files = wiring.readConfig();
  const recipes = planned.plan.provable.flatMap((profile) => {
    try {
      return [resolveRecipe(profile, files, wiring.env)];
    } catch (error) {
      if (error instanceof AppError) return []; // changed by somebody else meanwhile
      throw error;
    }
  });
  const targets = loginTargets(recipes.filter((recipe) => needsLogin(recipe, wiring)));
  return targets.filter((target) => target !== proof.loginTarget);
}

// The end of a rotation that nobody has to ask for: an old key whose grace period is over is deleted, at AWS and in the store.
// For the background: never prompts, says nothing, and leaves to a person whatever is not exactly as the rotation left it.

import type { ProfileName } from '../config/names.ts';
import { type ConfigFiles, knownProfiles } from '../config/profile-settings.ts';
import { keysOf, type Recipe } from '../config/recipe.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import { isAppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';
import type { RotationRecords } from '../ports/iam.ts';
import type { Lock } from '../ports/lock.ts';
import type { Log } from '../ports/log.ts';
import type { Clock } from '../ports/time.ts';
import { deleteKey, lookAtRotation, type RotatePorts } from './rotate-keys.ts';
import { iamEndpointOf, subjectOf } from './subject.ts';

export interface EndRotationsPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly lock: Lock;
  readonly records: RotationRecords;
  /** Opened only when there is a key to delete. */
  readonly openPorts: () => Promise<RotatePorts>;
}

interface Config {
  readonly files: ConfigFiles;
  readonly env: Environment;
}

/** Between two tries for one key: AWS or a policy may go on refusing. */
const pauseMs = 3_600_000;

/** Of all keys that profiles of these files start from. What fails is logged, and tried again an hour later. */
export async function endRotations(config: Config, ports: EndRotationsPorts): Promise<void> {
  for (const recipe of recipesByKeys(config)) {
    try {
      await endOne(recipe, config, ports);
    } catch (error) {
      if (!isAppError(error)) throw error;
      ports.log.event('rotation.failed', { profile: recipe.profile, code: error.code });
    }
  }
}

async function endOne(recipe: Recipe, { files, env }: Config, { clock, log, lock, records, openPorts }: EndRotationsPorts) {
  const { name } = keysOf(recipe);
  const record = records.read(name);
  const now = clock.now();
  if (record?.deleteAt === undefined || record.deleteAt > now || now - (record.triedAt ?? 0) < pauseMs) return;
  await lock.withLock('rotate', { waitMs: 0 }, async ({ lost }) => {
    records.keep(name, { ...record, triedAt: now });
    const ports = await openPorts();
    const subject = await subjectOf(recipe, { iamEndpoint: iamEndpointOf(recipe, { files, env }), log }, ports);
    const plan = await lookAtRotation(subject, ports);
    if (plan.kind !== 'grace' || plan.deleteAt === undefined || plan.deleteAt > now || lost.aborted) return;
    await deleteKey(plan.oldId, subject, ports);
    log.event('rotation.ended', { keys: name, deleted: plan.oldId });
  });
}

/** One for each name of keys: any will do, but that of the keys' own profile knows best how to reach AWS. */
function recipesByKeys({ files, env }: Config): readonly Recipe[] {
  const byKeys = new Map<string, Recipe>();
  for (const profile of knownProfiles(files)) {
    const recipe = recipeOrUndefined(profile, { files, env });
    if (recipe?.keys === undefined) continue;
    if (recipe.chain.length === 1 || !byKeys.has(recipe.keys.name)) byKeys.set(recipe.keys.name, recipe);
  }
  return [...byKeys.values()];
}

function recipeOrUndefined(profile: ProfileName, { files, env }: Config): Recipe | undefined {
  try {
    return resolveRecipe(profile, files, env);
  } catch (error) {
    if (!isAppError(error)) throw error;
    return undefined; // whoever asks for it is told
  }
}

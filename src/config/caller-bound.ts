// Recipes that start from what only the environment of a caller can hold: keys, or where a container's credentials are. Pure.

import { AppError } from '../errors.ts';
import type { ContainerHop } from './entry-hop.ts';
import type { Recipe } from './recipe.ts';

type Start = Pick<Recipe, 'keys' | 'hops'>;

/** True where no background can go on: it has another environment. */
export function isCallerBound(recipe: Start): boolean {
  return recipe.keys?.ofCaller !== undefined || containerOf(recipe) !== undefined;
}

/** What this caller's environment lacks; undefined where it has all that the recipe starts from. */
export function environmentLack({ profile, keys, hops }: Start & Pick<Recipe, 'profile'>): AppError | undefined {
  if (keys?.ofCaller === 'absent') return keysLack(profile);
  const container = containerOf({ hops });
  return container !== undefined && container.url === undefined ? containerLack(profile) : undefined;
}

function containerOf({ hops: [first] }: Pick<Recipe, 'hops'>): ContainerHop | undefined {
  return first?.kind === 'machine' && first.service === 'EcsContainer' ? first : undefined;
}

/** For `credential_source = Environment`. */
export function keysLack(profile: string): AppError {
  return new AppError('environment-lacks', {
    profile,
    what: "the keys of its caller's environment",
    problem: 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set',
    hint: 'run it where both are set',
  });
}

/** For `credential_source = EcsContainer`. */
export function containerLack(profile: string): AppError {
  return new AppError('environment-lacks', {
    profile,
    what: 'the role of a container',
    problem: 'neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set',
    hint: 'run it in the container: ECS sets the one, EKS the other',
  });
}

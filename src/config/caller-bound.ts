// Recipes that start from what only the environment of a caller can hold: keys, or where a container's credentials are. Pure.

import { AppError } from '../errors.ts';
import type { Recipe } from './recipe.ts';

type Start = Pick<Recipe, 'keys' | 'hops'>;

/** True where no background can go on: it has another environment. */
export function isCallerBound({ keys, hops: [first] }: Start): boolean {
  return keys?.ofCaller !== undefined || (first?.kind === 'machine' && first.service === 'EcsContainer');
}

/** What this caller's environment lacks; undefined where it has all that the recipe starts from. */
export function environmentLack({ profile, keys, hops: [first] }: Start & Pick<Recipe, 'profile'>): AppError | undefined {
  if (keys?.ofCaller === 'absent') return keysLack(profile);
  const isContainer = first?.kind === 'machine' && first.service === 'EcsContainer';
  return isContainer && first.url === undefined ? containerLack(profile) : undefined;
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

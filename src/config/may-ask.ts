// Whether a `get` may ask the person for an MFA code. Off unless somebody said so. Pure.

import type { Environment } from '../ports/environment.ts';
import type { Recipe } from './recipe.ts';

/** The nearest wins: `ROLEKEEPER_INTERACTIVE`, the recipe's `interactive`, that of `[rolekeeper]` (`setting`). */
export function mayAsk({ interactive }: Recipe, env: Environment, setting: string | undefined): boolean {
  const said = env['ROLEKEEPER_INTERACTIVE'] || interactive || setting || 'no';
  return ['1', 'yes', 'on', 'true'].includes(said.toLowerCase());
}

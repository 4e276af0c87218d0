// The login of a profile that starts from IAM Identity Center, or of an `sso-session` section by its name.

import process from 'node:process';
import { readSsoSession } from '../config/identity-center.ts';
import { type ProfileName, parseProfileName } from '../config/names.ts';
import type { ConfigFiles } from '../config/profile-settings.ts';
import { type Recipe, signInOf } from '../config/recipe.ts';
import { describeSignIn, type SignIn, signInIdOf } from '../config/sign-in.ts';
import { resolveNetwork } from '../config/sts-endpoint.ts';
import { localMinute } from '../credentials/credentials.ts';
import type { SignInTokens } from '../credentials/sign-in-tokens.ts';
import { AppError } from '../errors.ts';
import type { IdentityCenterCall } from '../ports/identity-center.ts';
import { shellWord } from '../shell-word.ts';
import type { Wiring } from '../wiring.ts';
import { handOver } from './hand-over.ts';
import { profilesBehind } from './profiles-behind.ts';
import { writeStderr } from './report.ts';
import { type SignInWay, signIn } from './sign-in.ts';
import { workingRecipes } from './working-recipes.ts';

export interface SignInTarget {
  readonly signIn: SignIn;
  readonly call: IdentityCenterCall;
}

const storeDeadlineMs = 60_000;

export function targetOfProfile(recipe: Recipe, target: SignIn): SignInTarget {
  const { network, profile, loginTarget } = recipe;
  return { signIn: target, call: { network, context: { profile, loginTarget } } };
}

/** As the first profile that names the section means it, else by the section alone. Throws `usage` and `recipe-invalid`. */
export function targetOfSession(name: string, files: ConfigFiles, { env }: Pick<Wiring, 'env'>): SignInTarget {
  for (const recipe of workingRecipes(files, env)) {
    const target = signInOf(recipe);
    if (target?.sessionName === name) return targetOfProfile(recipe, target);
  }
  const profile = parseProfileName(name);
  const fail = (problem: string, hint: string) => new AppError('recipe-invalid', { profile, problem, hint, chain: [] });
  const target = readSsoSession(name, files.config, { env, fail });
  if (target !== undefined)
    return {
      signIn: target,
      call: {
        network: resolveNetwork([], env),
        context: { profile, loginCommand: `rolekeeper login --sso-session ${shellWord(name)}` },
      },
    };
  throw new AppError('usage', {
    problem: `there is no [sso-session ${name}] in ${files.config.path}`,
    hint: 'name a section of that file, or a profile: `rolekeeper login PROFILE`',
  });
}

/** Opens the store first: a sign-in that could not be kept would be one for nothing. */
export async function loginIdentityCenter(
  { signIn: target, call }: SignInTarget,
  way: SignInWay,
  { files, wiring }: { readonly files: ConfigFiles; readonly wiring: Wiring },
): Promise<void> {
  const store = await wiring.openStore({ deadlineMs: storeDeadlineMs, prompts: 'allowed' });
  try {
    const [ports, pages] = await Promise.all([wiring.openRefresh(store), wiring.openSignInPages()]);
    const identityCenter = await ports.openIdentityCenter();
    await identityCenter.signIns.stored(signInIdOf(target)); // asks for what the store needs to be open
    const isSeen = process.stderr.isTTY === true;
    const side = { ...pages, qrLines: isSeen ? pages.qrLines : () => [], clock: wiring.clock, identityCenter, say: writeStderr };
    const tokens = await signIn({ target, way, call }, side);
    writeStderr([covered(target, tokens, wiring)]);
    // What was used lately is refreshed at once: the first caller of the day finds it.
    const behind: readonly ProfileName[] = profilesBehind(signInIdOf(target), files, wiring);
    await wiring.startAfterLogin(behind);
    await handOver(store, wiring);
  } finally {
    await store.close();
  }
}

function covered(target: SignIn, { refreshToken, accessExpiresAt }: SignInTokens, { clock }: Wiring): string {
  const until =
    refreshToken === undefined
      ? `until ${localMinute(clock.toLocal(accessExpiresAt))}`
      : 'it refreshes itself for as long as your organisation lets it';
  return `signed in to ${describeSignIn(target)}: ${until}`;
}

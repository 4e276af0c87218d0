// `rolekeeper mfa-secret PROFILE [--remove]`: keeps the secret of an MFA device in the store, so that `login` needs no typing; and takes it out again.
// The secret comes from the terminal or stdin, never from the arguments.

import { type ProfileName, parseProfileName, totpAccount } from '../config/names.ts';
import { keysOf, mfaSerialOf } from '../config/recipe.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import { toTotpItem } from '../credentials/credentials.ts';
import { Secret } from '../credentials/secret.ts';
import { parseTotpSecret } from '../credentials/totp.ts';
import { AppError, isAppError } from '../errors.ts';
import type { Store } from '../ports/store.ts';
import { shellWord } from '../shell-word.ts';
import { forgetItem, rememberItem } from '../stores/item-index.ts';
import type { Wiring } from '../wiring.ts';
import { unopenedIfEmpty } from './empty-store.ts';
import { loginTargetsBehind } from './login-target.ts';
import { writeStderr } from './report.ts';
import { readLine } from './stdin.ts';

const storeDeadlineMs = 60_000;

/** Throws `usage` for a profile without an MFA device and for what is no secret, and `declined` for a no. */
export async function keepMfaSecret(
  { profile: raw, isYes }: { readonly profile: string; readonly isYes: boolean },
  wiring: Wiring,
): Promise<void> {
  const profile = parseProfileName(raw);
  await withStore(wiring, (store) => keep({ ...deviceOf(profile, wiring), profile, isYes }, store, wiring));
}

/** Does nothing where there is none, and says so. */
export async function removeMfaSecret(profile: string, wiring: Wiring): Promise<void> {
  const { keys } = deviceOf(parseProfileName(profile), wiring);
  await withStore(wiring, (store) => remove(keys, unopenedIfEmpty(store), wiring));
}

async function withStore({ openStore }: Wiring, work: (store: Store) => Promise<void>): Promise<void> {
  const store = await openStore({ deadlineMs: storeDeadlineMs, prompts: 'allowed' });
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

interface Device {
  /** Of those whose device it is. */
  readonly keys: ProfileName;
  readonly serial: string | undefined;
  /** Where that is undefined: another profile of these keys, which names the device. */
  readonly withDevice?: ProfileName | undefined;
}

/** For a name that is no profile (any more): that of the keys. */
function deviceOf(profile: ProfileName, wiring: Wiring): Device {
  try {
    const recipe = resolveRecipe(profile, wiring.readConfig(), wiring.env);
    const keys = keysOf(recipe);
    const serial = recipe.hops.flatMap((hop) => mfaSerialOf(hop) ?? [])[0];
    return { keys: keys.name, serial, withDevice: loginTargetsBehind(keys, wiring)[0] };
  } catch (error) {
    if (!isAppError(error, 'profile-unknown')) throw error;
    return { keys: profile, serial: undefined };
  }
}

interface Keeping extends Device {
  readonly profile: ProfileName;
  readonly isYes: boolean;
}

async function keep({ keys, serial, withDevice, profile, isYes }: Keeping, store: Store, wiring: Wiring): Promise<void> {
  if (serial === undefined) {
    const hint =
      withDevice === undefined
        ? `add mfa_serial to "${profile}", or to its source`
        : `name a profile that has one: \`rolekeeper mfa-secret ${shellWord(withDevice)}\``;
    throw new AppError('usage', { problem: `profile "${profile}" has no mfa_serial: there is no MFA device for it`, hint });
  }
  const account = totpAccount(keys);
  const terminal = await wiring.openTerminal({ command: 'mfa-secret', instead: 'write the secret to stdin, and say --yes' });
  writeStderr([
    ...riskLines(serial, store),
    ...((await store.get(account)) === undefined ? [] : ['It takes the place of the one there.']),
  ]);
  if (!isYes && !(await terminal.confirm('Keep it there?'))) throw new AppError('declined', {});
  const raw = terminal.isInteractive ? await terminal.askHidden('Secret of the device (base32):') : await secretOnStdin();
  const item = toTotpItem({ serial, secret: parseTotpSecret(raw) }, account);
  await rememberItem({ store, lock: await wiring.openLock() }, account);
  await store.set(account, item);
  writeStderr([
    `kept as ${account} in ${store.description}; \`rolekeeper login ${shellWord(profile)}\` needs no code from now on`,
  ]);
}

function riskLines(serial: string, { description }: Store): readonly string[] {
  return [
    `The secret of ${serial} goes into ${description}, beside the access keys.`,
    'Whoever can read that store then has both factors: MFA protects against leaked keys, no longer against this machine.',
    'A key that wants a touch (mfa_process) has not that weakness. Take the secret out with `--remove`.',
  ];
}

async function secretOnStdin(): Promise<Secret> {
  const line = await readLine();
  if (line === undefined) throw new AppError('usage', { problem: 'there is no secret on stdin', hint: 'run it in a terminal' });
  return new Secret(line);
}

async function remove(keys: ProfileName, store: Store, wiring: Wiring): Promise<void> {
  const account = totpAccount(keys);
  const wasThere = await store.delete(account);
  await forgetItem({ store, lock: await wiring.openLock() }, account);
  writeStderr([
    wasThere
      ? `removed ${account} from ${store.description}; the device itself works on, at AWS and in your app`
      : `there is no ${account} in ${store.description}`,
  ]);
}

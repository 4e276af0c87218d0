// `rolekeeper login [PROFILE]`: spends one MFA code on the session (or on the one role) that the profile starts from.
// Asks before any lock is taken; sends a code once, whatever happens.

import { type ProfileName, parseProfileName } from '../config/names.ts';
import { keysOf, mfaSerialOf, needsCode, type Recipe, signInOf } from '../config/recipe.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import { type Credentials, localMinute, type TotpDevice } from '../credentials/credentials.ts';
import { type MfaCode, parseMfaCode } from '../credentials/mfa-code.ts';
import { isComfortable } from '../credentials/plan.ts';
import { AppError, isAppError } from '../errors.ts';
import { loadTotpDevice } from '../hops/totp.ts';
import type { Terminal } from '../ports/person.ts';
import type { Store } from '../ports/store.ts';
import { type Chain, logIn, type ObtainPorts, obtain, openChain } from '../refresh/obtain.ts';
import { type Obtained, patientDemand } from '../refresh/refresh-one.ts';
import { shellWord } from '../shell-word.ts';
import type { Wiring } from '../wiring.ts';
import { handOver } from './hand-over.ts';
import { loginIdentityCenter, targetOfProfile, targetOfSession } from './login-identity-center.ts';
import { chooseLoginTarget, loginTargetsBehind } from './login-target.ts';
import { profilesBehind } from './profiles-behind.ts';
import { writeStderr } from './report.ts';
import type { SignInWay } from './sign-in.ts';
import { readLine } from './stdin.ts';

export interface LoginOptions {
  readonly profile: string | undefined;
  /** From `--code`. */
  readonly code: string | undefined;
  /** Of an `sso-session` section, instead of a profile. */
  readonly ssoSession?: string | undefined;
  /** Where the person chose one. */
  readonly way?: SignInWay | undefined;
}

/** A person waits: longer than the keychain's own dialog needs. */
const storeDeadlineMs = 60_000;

export async function login(options: LoginOptions, wiring: Wiring): Promise<void> {
  const { profile, code, ssoSession, way = 'browser' } = options;
  refuseTogether(options);
  const files = wiring.readConfig();
  if (ssoSession !== undefined) {
    return await loginIdentityCenter(targetOfSession(ssoSession, files, wiring), way, { files, wiring });
  }
  const name = parseProfileName(profile ?? (await chooseLoginTarget(files, wiring)));
  const recipe = resolveRecipe(name, files, wiring.env);
  const signIn = signInOf(recipe);
  refuseUnfit(options, signIn === undefined ? 'code' : 'sign-in', name);
  if (signIn !== undefined) {
    return await loginIdentityCenter(targetOfProfile(recipe, signIn), way, { files, wiring });
  }
  const store = await wiring.openStore({ deadlineMs: storeDeadlineMs, prompts: 'allowed' });
  try {
    const ports = await wiring.openRefresh(store);
    // The keys are looked up before a code is asked for: a code that cannot be used is a code wasted.
    const chain = await openChain(recipe, ports);
    const index = recipe.hops.findIndex(needsCode);
    if (index < 0) {
      writeStderr([await withoutCode(chain, ports), ...loginsBehind(recipe, wiring)]);
      return await handOver(store, wiring);
    }
    const given = await readCode(recipe, code, { store, wiring });
    const { credentials, notStored } = await logInOrTryAgain(chain, { index, ...given }, ports);
    if (notStored !== undefined) throw notStored;
    writeStderr([covered(recipe, credentials, ports)]);
    // What was used lately is refreshed at once: the first caller of the day finds it.
    await wiring.startAfterLogin(profilesBehind(chain.steps[index]?.id, files, wiring));
    await handOver(store, wiring);
  } finally {
    await store.close();
  }
}

function refuseTogether({ profile, code, ssoSession }: LoginOptions): void {
  const pairs = [
    [ssoSession !== undefined && profile !== undefined, 'a profile and --sso-session'],
    [ssoSession !== undefined && code !== undefined, '--code and --sso-session'],
  ] as const;
  const pair = pairs.find(([isGiven]) => isGiven);
  if (pair !== undefined) throw new AppError('usage', { problem: `login: ${pair[1]} do not go together` });
}

/** Options that mean nothing for this profile are a misunderstanding that is better cleared up. */
function refuseUnfit({ code, way }: LoginOptions, kind: 'code' | 'sign-in', profile: ProfileName): void {
  if (kind === 'sign-in' && code !== undefined) {
    throw new AppError('usage', {
      problem: `"${profile}" starts from IAM Identity Center, which takes no MFA code here`,
      hint: `run \`rolekeeper login ${shellWord(profile)}\``,
    });
  }
  if (kind === 'code' && way !== undefined) {
    throw new AppError('usage', {
      problem: `"${profile}" does not start from IAM Identity Center: there is no sign-in page`,
      hint: `run \`rolekeeper login ${shellWord(profile)}\``,
    });
  }
}

/** A code that AWS refused is never sent again; where there is another to be had, that one is tried, once. */
async function logInOrTryAgain(
  chain: Chain,
  { index, code, another, afterBoth }: GivenCode & { readonly index: number },
  ports: ObtainPorts,
): Promise<Obtained> {
  try {
    return await logIn(chain, { index, code }, ports);
  } catch (error) {
    if (another === undefined || !isWrongCode(error)) throw error;
    return await logInOnceMore(chain, { index, code: await another(error), afterBoth }, ports);
  }
}

async function logInOnceMore(
  chain: Chain,
  { index, code, afterBoth }: Pick<GivenCode, 'code'> & { readonly index: number; readonly afterBoth: string | undefined },
  ports: ObtainPorts,
): Promise<Obtained> {
  try {
    return await logIn(chain, { index, code }, ports);
  } catch (error) {
    if (afterBoth === undefined || !isWrongCode(error)) throw error;
    throw new AppError('mfa-refused', { ...error.details, hint: afterBoth }, error);
  }
}

function isWrongCode(error: unknown): error is AppError<'mfa-refused'> {
  return isAppError(error, 'mfa-refused') && error.details.isCodeWrong === true;
}

/** A recipe without MFA: shows that it works. */
async function withoutCode({ recipe, ...chain }: Chain, ports: ObtainPorts): Promise<string> {
  const last = recipe.hops.length - 1;
  if (last < 0) return `"${recipe.profile}" gives its long-term keys as they are; there is nothing to log in to`;
  const demand = patientDemand((life) => isComfortable(life, ports.clock.now()));
  const { credentials } = await obtain({ recipe, ...chain }, last, { demand, ports });
  const why = recipe.keys === undefined ? '' : ' (no mfa_serial)';
  return `"${recipe.profile}" needs no login${why}; credentials until ${localMinute(ports.clock.toLocal(credentials.expiresAt))}`;
}

/** Where the device is named on the roles, it is easy to take the profile of the keys for the one to log in to. */
function loginsBehind({ keys }: Recipe, wiring: Wiring): readonly string[] {
  const targets = keys === undefined ? [] : loginTargetsBehind(keys, wiring);
  const commands = targets.map((target) => `\`rolekeeper login ${shellWord(target)}\``);
  return commands.length === 0 ? [] : [`the profiles behind it that need one: ${commands.join(', ')}`];
}

function covered(recipe: Recipe, { issuedAt, expiresAt }: Credentials, { clock }: ObtainPorts): string {
  const what = recipe.hops[0]?.kind === 'session' ? `all roles of "${keysOf(recipe).name}"` : `"${recipe.profile}"`;
  return `logged in: ${what} until ${localMinute(clock.toLocal(expiresAt))} (${duration(expiresAt - issuedAt)})`;
}

function duration(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  return minutes < 60 ? `${minutes} min` : `${Math.round(minutes / 6) / 10} h`;
}

interface GivenCode {
  readonly code: MfaCode;
  /** Another one, after AWS has refused this. */
  readonly another?: (refusal: AppError) => Promise<MfaCode>;
  /** What to do when that is refused as well, where waiting for a third would not help. */
  readonly afterBoth?: string;
}

/** `--code`, else `mfa_process`, else the secret in the store, else the terminal, else a line on stdin. */
async function readCode(
  recipe: Recipe,
  given: string | undefined,
  { store, wiring }: { readonly store: Store; readonly wiring: Wiring },
): Promise<GivenCode> {
  if (given !== undefined) return { code: parseMfaCode(given) };
  const { mfaProcess: command, profile } = recipe;
  if (command !== undefined) return { code: await wiring.runMfaProcess({ command, profile, showsStderr: true }) };
  const device = await loadTotpDevice({ keys: keysOf(recipe).name, serial: serialOf(recipe) ?? '' }, store);
  if (device !== undefined) return await codeOfDevice(device, recipe, wiring);
  const instead = `give the code: \`rolekeeper login ${shellWord(recipe.loginTarget)} --code 123456\`, or write it to stdin`;
  const terminal = await wiring.openTerminal({ command: 'login', instead });
  if (terminal.isInteractive) return await typedCode(recipe, terminal);
  const line = await readLine();
  if (line !== undefined) return { code: parseMfaCode(line) };
  throw new AppError('no-terminal', { command: 'login', instead });
}

/** One that was used within these 30 s already is waited out. */
async function codeOfDevice({ secret }: TotpDevice, { profile }: Recipe, { clock }: Wiring): Promise<GivenCode> {
  const { nextStepAt, totpCode } = await import('../credentials/totp.ts');
  return {
    code: totpCode(secret, clock.now()),
    another: async ({ message }) => {
      const next = nextStepAt(clock.now());
      writeStderr([`${message}. Waiting ${Math.ceil((next - clock.now()) / 1000)} s for the next code`]);
      await clock.wait(next - clock.now());
      return totpCode(secret, next);
    },
    afterBoth: `the secret in the store is of another device, it seems: \`rolekeeper mfa-secret ${shellWord(profile)}\` replaces it, with --remove it goes`,
  };
}

async function typedCode(recipe: Recipe, terminal: Terminal): Promise<GivenCode> {
  const code = await askCode(question(recipe), terminal);
  return {
    code,
    another: async ({ message }) => {
      terminal.say(`${message}. Wait for the next code (30 s at most), then once more:`);
      return await askCode(question(recipe), terminal, code);
    },
  };
}

const attempts = 3;

/** A slip of the finger costs nothing: AWS has not seen it. Throws `usage` when the last try is no code either, or the one that was refused. */
async function askCode(message: string, terminal: Terminal, refused?: MfaCode): Promise<MfaCode> {
  for (let left = attempts - 1; ; left -= 1) {
    const typed = await terminal.askHidden(message);
    try {
      return otherThan(refused, parseMfaCode(typed.reveal()));
    } catch (error) {
      if (left === 0 || !isAppError(error, 'usage')) throw error;
      terminal.say(`${error.message}; nothing was sent. Once more:`);
    }
  }
}

function otherThan(refused: MfaCode | undefined, code: MfaCode): MfaCode {
  if (code !== refused) return code;
  throw new AppError('usage', {
    problem: 'that is the code that AWS has just refused',
    hint: 'wait until your device shows another',
  });
}

function question(recipe: Recipe): string {
  return `MFA code of ${serialOf(recipe) ?? recipe.profile}`;
}

function serialOf({ hops }: Recipe): string | undefined {
  return hops.flatMap((hop) => mfaSerialOf(hop) ?? [])[0];
}

// The login that a `get` may ask for where a person is there and has allowed it: one prompt, however many callers wait, under a lock of its own.
// Takes 50 s at most (decisions.md 4). Never writes to stdout.

import { keyIdOf } from '../config/names.ts';
import { mfaSerialOf, needsCode, type Recipe, recordKind, type Step } from '../config/recipe.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { type MfaCode, parseMfaCode } from '../credentials/mfa-code.ts';
import { failureMemoryMs, isComfortable, isValid, type Life, nextFailure } from '../credentials/plan.ts';
import { AppError, isAppError, recallError, toAppError } from '../errors.ts';
import type { Prompter } from '../ports/person.ts';
import type { Store } from '../ports/store.ts';
import { type Chain, logIn, type ObtainPorts, obtain, openChain } from '../refresh/obtain.ts';
import { readStored } from '../refresh/stored.ts';
import type { Wiring } from '../wiring.ts';

const limitMs = 50_000;
/** A start that took longer was a busy machine's, as in get.ts: what is left for the person does not shrink any more by that. */
const longestStartMs = 2_000;
const attempts = 3;

/** `needed` is what stood in the way; thrown with that remark where there is no way to ask. Throws `interrupted` on Ctrl-C, and what STS throws. */
export async function getAsking(
  recipe: Recipe,
  { needed, store }: { readonly needed: AppError; readonly store: Store },
  wiring: Wiring,
): Promise<Credentials> {
  const waitMs = limitMs - Math.round(Math.min(performance.now(), longestStartMs));
  const signal = AbortSignal.timeout(waitMs);
  const ports = await wiring.openRefresh(store);
  const chain = await openChain(recipe, ports);
  const index = recipe.hops.findIndex(needsCode);
  const step = chain.steps[index];
  // A sign-in elsewhere is missing, not a code.
  if (step === undefined) throw needed;
  try {
    await logInOnce({ chain, index, step, needed, waitMs, signal }, ports, wiring);
  } catch (error) {
    throw error === needed ? askedNobody(recipe, needed) : error;
  }
  const accepts = (life: Life) => isComfortable(life, ports.clock.now());
  const demand = { accepts, lockWaitMs: waitMs, sharesFailures: true, signal };
  try {
    return (await obtain(chain, chain.steps.length - 1, { demand, ports })).credentials;
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new AppError('deadline', { doing: `getting credentials for "${recipe.profile}"`, seconds: limitMs / 1000 }, error);
  }
}

interface Login {
  readonly chain: Chain;
  readonly index: number;
  readonly step: Step;
  readonly needed: AppError;
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/** Whoever waits for the prompt of another gets its session, or its end. */
async function logInOnce(login: Login, ports: ObtainPorts, wiring: Wiring): Promise<void> {
  const { step, waitMs, signal } = login;
  const since = ports.clock.now() - failureMemoryMs;
  const settled = () => sessionSince(since, step, ports);
  const wait = { waitMs, signal, meanwhile: settled };
  const outcome = await ports.lock.withLock(keyIdOf(['prompt', step.id]), wait, async () => {
    if ((await settled()) === undefined) await askAndTell(login, ports, wiring);
    return true as const;
  });
  if (outcome.kind === 'busy') throw dismissed(login.chain.recipe);
}

/** True once there is a session. Throws what ended somebody's prompt since. */
async function sessionSince(since: number, step: Step, ports: ObtainPorts): Promise<true | undefined> {
  const record = ports.state.read(step.id);
  // Only a prompt that is over leaves this one there: a code that was refused is asked for again.
  if (record?.failure?.error.code === 'login-needed' && record.failure.at >= since) {
    throw recallError('login-needed', record.failure.error.details) ?? new AppError('unexpected', { problem: 'login-needed' });
  }
  if (record?.expiresAt === undefined || !isValid({ expiresAt: record.expiresAt }, ports.clock.now())) return undefined;
  return (await readStored(step, ports)) === undefined ? undefined : true;
}

async function askAndTell(login: Login, ports: ObtainPorts, wiring: Wiring): Promise<void> {
  try {
    await askAndLogIn(login, ports, wiring);
  } catch (error) {
    // Others may have another way to ask, and other settings.
    if (error !== login.needed && !isAppError(error, 'usage')) tellOthers(toAppError(error), login, ports);
    throw error;
  }
}

/** A code that AWS has refused is never sent again; the next one is asked for, once. */
async function askAndLogIn(login: Login, ports: ObtainPorts, wiring: Wiring): Promise<void> {
  const { chain, index, signal } = login;
  const { mfaProcess: command, profile } = chain.recipe;
  if (command !== undefined) {
    const code = await wiring.runMfaProcess({ command, profile, showsStderr: false, signal });
    return void (await logIn(chain, { index, code }, ports));
  }
  const prompter = await wiring.openPrompter();
  const code = await askForCode(login, prompter);
  try {
    await logIn(chain, { index, code }, ports);
  } catch (error) {
    if (!isAppError(error, 'mfa-refused') || error.details.isCodeWrong !== true) throw error;
    await logIn(chain, { index, code: await askForCode(login, prompter, code) }, ports);
  }
}

/** Never the one that was refused. */
async function askForCode({ chain, needed, signal }: Login, prompter: Prompter, refused?: MfaCode): Promise<MfaCode> {
  const afterRefusal = 'AWS has refused that code. Wait for the next. ';
  let remark = refused === undefined ? '' : afterRefusal;
  for (let left = attempts; left > 0; left -= 1) {
    const answer = await prompter.askHidden(`${remark}${question(chain.recipe)}`, signal);
    if (answer.kind === 'nobody') throw needed;
    if (answer.kind === 'dismissed') break;
    const code = codeIn(answer.text.reveal());
    if (code !== undefined && code !== refused) return code;
    remark = code === undefined ? 'That was not six digits. ' : afterRefusal;
  }
  throw dismissed(chain.recipe);
}

function codeIn(text: string): MfaCode | undefined {
  try {
    return parseMfaCode(text);
  } catch (error) {
    if (!isAppError(error, 'usage')) throw error;
    return undefined;
  }
}

function question({ hops, profile }: Recipe): string {
  const serial = hops.flatMap((hop) => mfaSerialOf(hop) ?? [])[0];
  return `MFA code for "${profile}"${serial === undefined ? '' : ` (${serial})`}:`;
}

function askedNobody({ profile, loginTarget }: Recipe, needed: AppError): AppError {
  const why = `${needed.message}; it may be asked for, but there is neither a terminal here nor a program to ask with`;
  return new AppError('login-needed', { profile, target: loginTarget, why }, needed);
}

function dismissed({ profile, loginTarget }: Recipe): AppError {
  return new AppError('login-needed', { profile, target: loginTarget, why: `nobody gave the MFA code that "${profile}" needs` });
}

/** Those who wait must not be asked one after the other. */
function tellOthers(error: AppError, { chain, step }: Login, { state, clock, random }: ObtainPorts): void {
  const { profile, loginTarget: target } = chain.recipe;
  const why = isAppError(error, 'interrupted') ? dismissed(chain.recipe).message : error.message;
  const { failure: before, ...known } = state.read(step.id) ?? {};
  const shared = new AppError('login-needed', { profile, target, why });
  const failure = nextFailure(before, { error: shared, now: clock.now(), random: random() });
  try {
    state.publish({ ...known, id: step.id, kind: recordKind(step), profile, failure });
  } catch (unwritable) {
    if (!isAppError(unwritable)) throw unwritable; // each of them is asked, then
  }
}

// The access token of a sign-in to IAM Identity Center: from the store while it will do, else made anew with the refresh token, once for all
// processes that ask. Never asks a person, and never opens a browser.

import { type KeyId, type ProfileName, parseProfileName, signInAccount } from '../config/names.ts';
import { describeSignIn, type SignIn, signInIdOf } from '../config/sign-in.ts';
import { type EpochMs, localMinute } from '../credentials/credentials.ts';
import { type Failure, nextFailure } from '../credentials/plan.ts';
import { parseSignInItem, type SignInTokens, signInEnd, toSignInItem } from '../credentials/sign-in-tokens.ts';
import { AppError, isAppError, recallError, toAppError } from '../errors.ts';
import type {
  AccessToken,
  ForeignSignIns,
  IdentityCenterCall,
  SignInService,
  SignIns,
  TokenOutcome,
} from '../ports/identity-center.ts';
import type { HeldLock } from '../ports/lock.ts';
import type { StateRecord } from '../ports/state.ts';
import { faultPoint } from './fault-point.ts';
import { isNews, type RefreshPorts } from './refresh-one.ts';
import { underLock } from './under-lock.ts';

export interface SignInPorts extends RefreshPorts {
  readonly service: SignInService;
  readonly foreign: ForeignSignIns;
}

export function createSignIns(ports: SignInPorts): SignIns {
  return {
    accessToken: (signIn, call, refused) => accessToken({ signIn, id: signInIdOf(signIn), call, refused }, ports),
    keep: async (signIn, tokens, call) => {
      const id = signInIdOf(signIn);
      await store(id, tokens, ports);
      publish(recordOf({ signIn, id, call }, tokens, ports), ports);
    },
    stored: (id) => readStored(id, ports),
  };
}

interface Wanted {
  readonly signIn: SignIn;
  readonly id: KeyId;
  readonly call: IdentityCenterCall;
  readonly refused: AccessToken | undefined;
}

/** AWS's own programs make a new one when this much is left. */
const earlyMs = 15 * 60_000;
/** Less is of no use: the call has to be made yet. */
const leadMs = 60_000;
/** Outlasts the deadline of whoever holds the lock, unless the caller's own is shorter. */
const lockWaitMs = 12_000;

async function accessToken(wanted: Wanted, ports: SignInPorts): Promise<AccessToken> {
  const stored = await readStored(wanted.id, ports);
  const early = usable(stored, earlyMs, wanted, ports);
  if (early !== undefined) return early;
  const now = ports.clock.now();
  if (stored?.refreshToken !== undefined && stored.client.expiresAt > now) return await madeAnew(wanted, ports);
  return usable(stored, leadMs, wanted, ports) ?? foreign(wanted, ports) ?? failOver(wanted, stored, ports);
}

/** Under the lock of the sign-in, whose refresh token may be good for one time only. */
async function madeAnew(wanted: Wanted, ports: SignInPorts): Promise<AccessToken> {
  const startedAt = ports.clock.now();
  const failedBefore = ports.state.read(wanted.id)?.failure;
  const { signal } = wanted.call;
  const wait = {
    waitMs: lockWaitMs,
    ...(signal === undefined ? {} : { signal }),
    meanwhile: () => publishedSince({ startedAt, failedBefore }, wanted, ports),
  };
  const outcome = await underLock<AccessToken>({ lock: ports.lock, name: wanted.id, wait }, (held) =>
    refreshHeld(wanted, held, ports),
  );
  if (outcome.kind !== 'busy') return outcome.value;
  signal?.throwIfAborted();
  return await refreshHeld(wanted, undefined, ports);
}

async function publishedSince(
  { startedAt, failedBefore }: { readonly startedAt: EpochMs; readonly failedBefore: Failure | undefined },
  wanted: Wanted,
  ports: SignInPorts,
): Promise<AccessToken | undefined> {
  const record = ports.state.read(wanted.id);
  if (isNews(record?.failure, failedBefore)) throw recalled(record.failure);
  if (record?.issuedAt === undefined || record.issuedAt < startedAt) return undefined;
  return usable(await readStored(wanted.id, ports), earlyMs, wanted, ports);
}

async function refreshHeld(wanted: Wanted, held: HeldLock | undefined, ports: SignInPorts): Promise<AccessToken> {
  const stored = await readStored(wanted.id, ports);
  const fresh = usable(stored, earlyMs, wanted, ports);
  if (fresh !== undefined) return fresh;
  if (stored?.refreshToken === undefined) throw loginNeeded(wanted, stored, ports);
  const grant = { kind: 'refresh', refreshToken: stored.refreshToken } as const;
  let outcome: TokenOutcome;
  try {
    outcome = await ports.service.exchange(grant, { signIn: wanted.signIn, client: stored.client, call: wanted.call });
  } catch (error) {
    const failure = toAppError(error);
    if (wanted.call.signal?.aborted !== true) publishFailure(wanted, failure, ports);
    const rest = usable(stored, leadMs, wanted, ports);
    if (rest === undefined) throw failure;
    return rest;
  }
  faultPoint('tokens answered');
  if (outcome.kind !== 'issued') return await refusedRefresh(wanted, stored, ports);
  const { tokens } = outcome;
  await keepRefreshed(wanted, { ...stored, ...tokens }, { held, ports });
  return { value: tokens.accessToken, expiresAt: tokens.accessExpiresAt };
}

/** Somebody who went by the lock may have been first; else the sign-in is over, and nobody need try again. */
async function refusedRefresh(wanted: Wanted, tried: SignInTokens, ports: SignInPorts): Promise<AccessToken> {
  const now = await readStored(wanted.id, ports);
  const isSame = now?.accessExpiresAt === tried.accessExpiresAt;
  const other = isSame ? undefined : usable(now, leadMs, wanted, ports);
  if (other !== undefined) return other;
  const { refreshToken: _over, ...rest } = tried;
  await keepRefreshed(wanted, rest, { held: undefined, ports });
  return usable(rest, leadMs, wanted, ports) ?? failOver(wanted, rest, ports);
}

/** What could not be stored is still used: the next one has to sign in, this one has not. */
async function keepRefreshed(
  wanted: Wanted,
  tokens: SignInTokens,
  { held, ports }: { readonly held: HeldLock | undefined; readonly ports: SignInPorts },
): Promise<void> {
  try {
    const other = await readStored(wanted.id, ports);
    if (other !== undefined && other.signedInAt > tokens.signedInAt) return; // a person, who waits for no lock
    const isAlone = held !== undefined && !held.lost.aborted;
    if (!isAlone && other !== undefined && other.accessExpiresAt > tokens.accessExpiresAt) return;
    await store(wanted.id, tokens, ports);
    publish(recordOf(wanted, tokens, ports), ports);
  } catch (error) {
    if (!isAppError(error)) throw error;
    ports.log.event('sign-in.not-stored', { id: wanted.id, code: error.code });
  }
}

async function store(id: KeyId, tokens: SignInTokens, ports: SignInPorts): Promise<void> {
  const account = signInAccount(id);
  await ports.remember(account);
  faultPoint('index item written');
  await ports.store.set(account, toSignInItem(tokens, account));
  faultPoint('tokens written');
}

function recordOf(
  { id, signIn, call }: Pick<Wanted, 'id' | 'signIn' | 'call'>,
  tokens: SignInTokens,
  { clock }: SignInPorts,
): Omit<StateRecord, 'kind'> {
  const record = { id, profile: profileOf(call, signIn), issuedAt: clock.now(), expiresAt: signInEnd(tokens) };
  return tokens.refreshToken === undefined ? record : { ...record, refreshesItself: true };
}

function publish(record: Omit<StateRecord, 'kind'>, { state, log }: SignInPorts): void {
  try {
    state.publish({ ...record, kind: 'sign-in' });
  } catch (error) {
    if (!isAppError(error)) throw error;
    log.event('state.unwritable', { problem: error.message });
  }
}

function publishFailure({ id, signIn, call }: Wanted, error: AppError, ports: SignInPorts): void {
  const { state, clock, random } = ports;
  const { failure: before, ...known } = state.read(id) ?? {};
  const failure = nextFailure(before, { error, now: clock.now(), random: random() });
  publish({ ...known, id, profile: profileOf(call, signIn), failure }, ports);
}

function usable(
  tokens: SignInTokens | undefined,
  leftMs: number,
  { refused }: Wanted,
  { clock }: SignInPorts,
): AccessToken | undefined {
  if (tokens === undefined || tokens.accessExpiresAt - leftMs <= clock.now()) return undefined;
  if (tokens.accessExpiresAt === refused?.expiresAt) return undefined;
  return { value: tokens.accessToken, expiresAt: tokens.accessExpiresAt };
}

/** The background learns from the record that there is a sign-in to go on with. */
function foreign({ signIn, id, call, refused }: Wanted, ports: SignInPorts): AccessToken | undefined {
  const token = ports.foreign.read(signIn);
  if (token === undefined || token.expiresAt === refused?.expiresAt) return undefined;
  if (ports.state.read(id)?.expiresAt !== token.expiresAt) {
    publish({ id, profile: profileOf(call, signIn), issuedAt: ports.clock.now(), expiresAt: token.expiresAt }, ports);
  }
  return token;
}

async function readStored(id: KeyId, { store, log }: SignInPorts): Promise<SignInTokens | undefined> {
  const account = signInAccount(id);
  const item = await store.get(account);
  if (item === undefined) return undefined;
  const parsed = parseSignInItem(item, account);
  if (parsed.kind === 'ok') return parsed.value;
  log.event('item.broken', { account, problem: parsed.problem });
  return undefined;
}

/** What the portal refuses may look good for an hour: the background must not go by that. */
function failOver(wanted: Wanted, stored: SignInTokens | undefined, ports: SignInPorts): never {
  const now = ports.clock.now();
  const { issuedAt, expiresAt = 0 } = ports.state.read(wanted.id) ?? {};
  if (expiresAt > now) {
    const profile = profileOf(wanted.call, wanted.signIn);
    publish({ id: wanted.id, profile, ...(issuedAt === undefined ? {} : { issuedAt }), expiresAt: now }, ports);
  }
  throw loginNeeded(wanted, stored, ports);
}

function loginNeeded({ signIn, call }: Wanted, over: SignInTokens | undefined, { clock }: SignInPorts): AppError {
  const profile = profileOf(call, signIn);
  const where = describeSignIn(signIn);
  const why =
    over === undefined
      ? `profile "${profile}" needs a sign-in to IAM Identity Center ${where}`
      : `the sign-in to IAM Identity Center ${where} is over (it began ${localMinute(clock.toLocal(over.signedInAt))})`;
  const { loginTarget: target = profile, loginCommand: command } = call.context ?? {};
  return new AppError('login-needed', { profile, target, why, ...(command === undefined ? {} : { command }) });
}

function profileOf({ context }: IdentityCenterCall, { sessionName }: SignIn): ProfileName {
  return parseProfileName(context?.profile ?? sessionName ?? 'default');
}

function recalled({ error }: NonNullable<StateRecord['failure']>): AppError {
  return recallError(error.code, error.details) ?? new AppError('unexpected', { problem: error.code });
}

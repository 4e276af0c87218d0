// Answers one request of a caller: from memory, after a look into the store, or after a refresh that all its callers share.
// Never prompts; never gives expired credentials; passes on what another process must answer.

import { findSection } from '../config/aws-config.ts';
import { leadsBack } from '../config/caller-mark.ts';
import { mayAsk } from '../config/may-ask.ts';
import { isProfileName, type ProfileName, parseProfileName } from '../config/names.ts';
import type { ConfigFiles } from '../config/profile-settings.ts';
import { keysOf, type Recipe, type Step } from '../config/recipe.ts';
import { keySuffixIn, toKeysJson } from '../credentials/credentials.ts';
import { freshnessOf, isBackingOff, isComfortable, isValid } from '../credentials/plan.ts';
import { Secret } from '../credentials/secret.ts';
import { AppError, isAppError, toAppError } from '../errors.ts';
import { loadKeysThemselves } from '../hops/keys.ts';
import type { AuditedAnswer } from '../ports/audit.ts';
import type { Log } from '../ports/log.ts';
import type { Clock } from '../ports/time.ts';
import { refreshAndAnswer } from '../refresh/answer.ts';
import { leftUntil } from '../refresh/left-until.ts';
import type { Caller } from './callers.ts';
import type { Remembered } from './memory.ts';
import type { StoreRoom } from './store-room.ts';
import type { AgentAnswer, AgentRequest } from './wire.ts';

export interface AnswersPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly isMine: (caller: Caller) => boolean;
  readonly roomFor: (caller: Caller, files: ConfigFiles) => Promise<StoreRoom>;
  /** The lines for stderr. */
  readonly wordsOf: (error: AppError) => readonly string[];
  /** For the background: who asked for this. */
  readonly noteAsked: (asked: { readonly step: Step; readonly profile: ProfileName; readonly caller: Caller }) => void;
  /** For the audit trail. */
  readonly noteAnswer: (caller: Caller, answer: () => AuditedAnswer) => void;
  /** Starts a process for what only a program outside the agent can refresh. */
  readonly refreshElsewhere: (caller: Caller, profile: ProfileName) => void;
  /** The local wall clock, which deadlines are given in. */
  readonly localNow: () => number;
}

/** As for a process of its own (decisions.md 2 and 4). */
const limitMs = 3_800;
const patienceMs = 2_500;

export async function answerGet(request: AgentRequest, caller: Caller, ports: AnswersPorts): Promise<AgentAnswer> {
  const passed = passedOn(caller, ports);
  if (passed !== undefined) return passed;
  const named = { verb: 'get', profile: isProfileName(request.argument) ? request.argument : '' } as const;
  try {
    const { document, outcome } = await documentFor(request, caller, ports);
    ports.noteAnswer(caller, () => ({ ...named, outcome, keySuffix: keySuffixIn(document) }));
    return { kind: 'exit', status: 0, bytes: document };
  } catch (error) {
    const failure = toAppError(error);
    if (isOfFiles(failure, caller)) return { kind: 'pass', reason: 'config' };
    if (isAppError(failure, 'program-needed') || asksPerson(failure, request, caller))
      return { kind: 'pass', reason: 'not-mine' };
    // What a caller's environment holds is not sent to an agent (decisions.md 15).
    if (isAppError(failure, 'environment-lacks')) return { kind: 'pass', reason: 'not-mine' };
    ports.noteAnswer(caller, () => ({ ...named, outcome: 'failed', code: failure.code }));
    return refused(failure, ports);
  }
}

/** Keeps the identity that opens the caller's own store, if it does. Says nothing, or why not. */
export async function answerUnlock(request: AgentRequest, caller: Caller, ports: AnswersPorts): Promise<AgentAnswer> {
  const passed = passedOn(caller, ports);
  if (passed !== undefined) return passed;
  try {
    const room = await ports.roomFor(caller, caller.readFiles());
    await room.unlock(new Secret(request.argument));
    ports.log.event('store.unlocked', { store: room.ports.store.description });
    return { kind: 'exit', status: 0, bytes: Buffer.alloc(0) };
  } catch (error) {
    return refused(toAppError(error), ports);
  }
}

/**
 * A file that is just being written looks so; a process of its own looks twice, and knows the name that was meant. It also sees the files
 * that only its caller sees, a token's for one: a service has a /tmp of its own.
 */
function isOfFiles(failure: AppError, { env }: Caller): boolean {
  if (isAppError(failure, 'store-unavailable')) return env['ROLEKEEPER_AGE_KEY_FILE'] !== undefined;
  return isAppError(
    failure,
    'profile-unknown',
    'config-unreadable',
    'config-malformed',
    'recipe-invalid',
    'keys-missing',
    'identity-unusable',
  );
}

/** A person may be asked by a process of the caller's own. */
function asksPerson(failure: AppError, { argument }: AgentRequest, caller: Caller): boolean {
  if (!isAppError(failure, 'login-needed')) return false;
  const files = caller.readFiles();
  const setting = findSection(files.config, 'rolekeeper-settings', '')?.settings.get('interactive')?.value;
  return mayAsk(caller.recipe(parseProfileName(argument), files), caller.env, setting);
}

const namesWithVariables = ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'];

function passedOn(caller: Caller, { isMine }: AnswersPorts): AgentAnswer | undefined {
  if (!isMine(caller)) return { kind: 'pass', reason: 'not-mine' };
  // Its files have names that other variables than those it sent are part of.
  if (namesWithVariables.some((name) => caller.env[name]?.includes('$'))) return { kind: 'pass', reason: 'config' };
  return undefined;
}

function refused(failure: AppError, { wordsOf }: AnswersPorts): AgentAnswer {
  const lines = wordsOf(failure);
  return { kind: 'exit', status: failure.exitStatus, bytes: Buffer.from(lines.map((line) => `${line}\n`).join('')) };
}

interface Given extends Pick<AuditedAnswer, 'outcome'> {
  readonly document: Buffer;
}

async function documentFor(request: AgentRequest, caller: Caller, ports: AnswersPorts): Promise<Given> {
  const profile = parseProfileName(request.argument);
  // Once for all that this answer needs of them: each look costs as much as finding the credentials.
  const files = caller.readFiles();
  const recipe = caller.recipe(profile, files);
  if (leadsBack([profile, ...recipe.chain], caller.env)) throw new AppError('called-by-itself', { profile });
  const room = await ports.roomFor(caller, files);
  if (recipe.hops.length === 0) {
    const keys = await loadKeysThemselves({ profile, keys: keysOf(recipe) }, room.ports.store);
    return { document: Buffer.from(toKeysJson(keys)), outcome: 'cached' };
  }
  const { credentials, isCached } = await answerFor({ recipe, room, caller, request }, ports);
  return { document: credentials.document, outcome: isCached ? 'cached' : 'refreshed' };
}

interface Asked {
  readonly recipe: Recipe;
  readonly room: StoreRoom;
  readonly caller: Caller;
  readonly request: AgentRequest;
}

interface Answered {
  readonly credentials: Remembered;
  /** They were at hand before. */
  readonly isCached: boolean;
}

async function answerFor(asked: Asked, ports: AnswersPorts): Promise<Answered> {
  const { recipe, room, caller, request } = asked;
  const { clock } = ports;
  const step = room.lastStep(recipe);
  if (step !== undefined) ports.noteAsked({ step, profile: recipe.profile, caller });
  const known = step === undefined ? undefined : await room.look(step, recipe.profile);
  if (known !== undefined && step !== undefined) {
    const freshness = freshnessOf(known, clock.now());
    const mayWait = freshness === 'fresh' || isBackingOff(room.ports.state.read(step.id)?.failure, clock.now());
    if (freshness === 'due' && !mayWait) void refreshUnasked(asked, { step, known }, ports);
    if (freshness === 'due' || (freshness !== 'expired' && mayWait)) return { credentials: known, isCached: true };
  }
  const leftMs = Math.min(leftUntil(request.deadlineMs, ports.localNow()), limitMs);
  const copies = new Copies(known);
  const answer = await refreshAndAnswer(recipe, known, {
    budget: { limitMs: leftMs, patienceMs: Math.min(leftMs, patienceMs), lockWaitMs: leftMs },
    clock,
    refresh: async (_demand, found) => {
      const refreshing =
        step === undefined ? firstRefresh(asked, (stored) => found(copies.add(stored)), ports) : room.refresh(recipe, step);
      return copies.add(await refreshing.catch(elsewhere(asked, known, ports)));
    },
    outwait: clock.wait,
  });
  copies.wipeAllBut(answer.kind === 'credentials' ? answer.credentials : undefined);
  if (answer.kind === 'failure') throw answer.error;
  return { credentials: answer.credentials, isCached: answer.credentials === known };
}

/** The documents that are at hand for one answer, each a copy of its own: what is not given is wiped, however late it comes. */
class Copies {
  readonly #copies: Remembered[];
  #isAnswered = false;

  constructor(known: Remembered | undefined) {
    this.#copies = known === undefined ? [] : [known];
  }

  add(copy: Remembered): Remembered {
    if (this.#isAnswered) copy.document.fill(0);
    else this.#copies.push(copy);
    return copy;
  }

  wipeAllBut(given: Remembered | undefined): void {
    this.#isAnswered = true;
    for (const copy of this.#copies) if (copy !== given) copy.document.fill(0);
  }
}

/** With something valid to give, the program runs behind; without, whoever asked runs it, and waits for it. */
function elsewhere({ recipe, caller }: Asked, known: Remembered | undefined, { clock, refreshElsewhere }: AnswersPorts) {
  return (error: unknown): never => {
    const hasAnswer = known !== undefined && isValid(known, clock.now());
    if (hasAnswer && isAppError(error, 'program-needed')) refreshElsewhere(caller, recipe.profile);
    throw error;
  };
}

/** Nobody knew whose keys these are, hence neither what memory and store have for them: `found` is told. */
async function firstRefresh(
  { recipe, room, caller }: Asked,
  found: (known: Remembered) => void,
  { clock, noteAsked }: AnswersPorts,
): Promise<Remembered> {
  const step = await room.findLastStep(recipe);
  noteAsked({ step, profile: recipe.profile, caller });
  const known = await room.look(step, recipe.profile);
  if (known === undefined) return await room.refresh(recipe, step);
  if (isComfortable(known, clock.now())) return known;
  found(known);
  return await room.refresh(recipe, step);
}

// Nobody waits for it: the state has a failure, and the next caller who needs it will hear of it.
async function refreshUnasked(
  asked: Asked,
  { step, known }: { readonly step: Step; readonly known: Remembered },
  ports: AnswersPorts,
): Promise<void> {
  const { recipe, room } = asked;
  try {
    (await room.refresh(recipe, step).catch(elsewhere(asked, known, ports))).document.fill(0);
  } catch (error) {
    ports.log.event('refresh.failed', { profile: recipe.profile, code: toAppError(error).code });
  }
}

// The agent as a whole: callers in front, the background refresh behind, and when it is time to leave.
// Opens nothing by itself: socket, stores, clocks and bell arrive as arguments.

import { unaskedVariable } from '../config/answer-variables.ts';
import type { KeyId, ProfileName } from '../config/names.ts';
import type { ConfigFiles } from '../config/profile-settings.ts';
import type { Recipe, Step } from '../config/recipe.ts';
import { isValid } from '../credentials/plan.ts';
import { type AppError, isAppError, toAppError } from '../errors.ts';
import type { AuditedAnswer } from '../ports/audit.ts';
import type { Environment } from '../ports/environment.ts';
import type { Log } from '../ports/log.ts';
import type { Notifier } from '../ports/person.ts';
import type { State } from '../ports/state.ts';
import type { Bell, Clock, ClockReading } from '../ports/time.ts';
import { type Kept, warnOf } from '../refresh/kept.ts';
import type { ObtainPorts } from '../refresh/obtain.ts';
import { type AnswersPorts, answerGet, answerUnlock } from './answers.ts';
import { type Caller, type CallerPlace, Callers } from './callers.ts';
import { promptFor } from './prompt.ts';
import { Refresher } from './refresher.ts';
import { Rooms } from './rooms.ts';
import { type AgentServer, listenAt, type Place } from './server.ts';
import type { AgentStatus } from './status.ts';
import { type AgentAnswer, type AgentRequest, callerVariable, notesItself, tokenVariable, variablesToSend } from './wire.ts';

export interface AgentPorts {
  readonly env: Environment;
  readonly clock: Clock;
  readonly state: State;
  readonly log: Log;
  readonly bell: Bell;
  /** Undefined where the person wants none. */
  readonly notifier: Notifier | undefined;
  readonly random: () => number;
  readonly readClocks: () => ClockReading;
  readonly placeOf: (env: Environment, cwd: string) => CallerPlace;
  readonly readFiles: (place: CallerPlace) => ConfigFiles;
  /** The ports of a refresh, with the caller's store. */
  readonly openPorts: (caller: Caller) => Promise<ObtainPorts>;
  /** Starts `refresh PROFILE` outside this process and its sandbox, as the caller means the profile. Never throws. */
  readonly refreshElsewhere: (caller: Caller, profile: ProfileName) => void;
  /** Deletes the old keys of rotations whose grace period is over. */
  readonly endRotations: (
    config: Pick<Caller, 'env'> & { readonly files: ConfigFiles },
    open: () => Promise<ObtainPorts>,
  ) => Promise<void>;
  readonly wordsOf: (error: AppError) => readonly string[];
  /** Writes an answer into the audit trail of whoever asked, if there is one. Never throws. */
  readonly noteAnswer: (asked: AskedBy, answer: () => AuditedAnswer) => void;
  /** Changes when the program on the disk is another one. */
  readonly programStamp: () => string;
  /** As in `ServerPorts`. */
  readonly socketIdentity: () => string | undefined;
  readonly onListening: () => void;
  /** What every request must carry; undefined where the socket's directory keeps others out. */
  readonly token: string | undefined;
}

export interface AskedBy {
  readonly caller: Caller;
  /** Of the program that asked, as the front says. */
  readonly pid: number | undefined;
}

export interface AgentSettings {
  readonly version: string;
  readonly pid: number;
  readonly socket: Place;
  readonly socketPath: string;
  /** Leaves when nobody asked for so long and there is nothing to refresh; undefined: never. */
  readonly idleMs: number | undefined;
  /** What nobody asked for is refreshed so long. */
  readonly unusedMs: number;
  readonly warnsAtNight: boolean;
}

export type Leaving = 'told' | 'idle' | 'program-changed' | 'socket-gone';

/** Longer than the deadline of STS: what is under way is finished. */
const closeWaitMs = 12_000;
const mostInterests = 5_000;
const noteEveryMs = 10 * 60_000;
/** A grace period is days long. */
const endRotationsEveryMs = 10 * 60_000;

/** Runs until it is told to stop, or has reason to leave. Throws what listening throws. */
export async function runAgent(settings: AgentSettings, ports: AgentPorts, stop: AbortSignal): Promise<Leaving> {
  return await new Agent(settings, ports).run(stop);
}

interface Interest {
  readonly caller: Caller;
  readonly profile: ProfileName;
  readonly notedAtMs: number;
}

class Agent {
  readonly #settings: AgentSettings;
  readonly #ports: AgentPorts;
  readonly #callers: Callers;
  readonly #rooms: Rooms;
  readonly #refresher: Refresher;
  readonly #own: Caller;
  readonly #interests = new Map<KeyId, Interest>();
  readonly #leave: (why: Leaving) => void;
  readonly #left: Promise<Leaving>;
  readonly #startedFrom: string;
  readonly #startedAtMs: number;
  #lastRequestMs: number;
  #server: AgentServer | undefined;
  /** Whose items were looked for in the store once; what becomes of them later, their refreshes and callers bring. */
  readonly #lookedFor = new Set<KeyId>();
  #rotationsEndedMs: number | undefined;

  constructor(settings: AgentSettings, ports: AgentPorts) {
    const { env, placeOf, readFiles, openPorts, readClocks } = ports;
    this.#settings = settings;
    this.#ports = ports;
    this.#callers = new Callers({ env, placeOf, readFiles });
    this.#own = this.#callers.of({ env: variablesToSend(env), cwd: '/' });
    this.#rooms = new Rooms({ openPorts, monotonicMs: () => readClocks().uptimeMs });
    this.#refresher = this.#createRefresher();
    let leave: (why: Leaving) => void = () => undefined;
    this.#left = new Promise((resolve) => {
      leave = resolve;
    });
    this.#leave = leave;
    this.#startedFrom = ports.programStamp();
    this.#startedAtMs = readClocks().uptimeMs;
    this.#lastRequestMs = this.#startedAtMs;
  }

  async run(stop: AbortSignal): Promise<Leaving> {
    const told = () => this.#leave('told');
    stop.addEventListener('abort', told);
    if (stop.aborted) told();
    const server = await listenAt(this.#settings.socket, {
      answer: (request) => this.#answerOrPass(request),
      identity: this.#ports.socketIdentity,
    });
    this.#server = server;
    this.#ports.onListening();
    this.#ports.log.event('agent.listening', { socket: this.#settings.socketPath });
    const silence = this.#ports.bell.start(() => this.#ringOrLog());
    void this.#ringOrLog();
    const why = await this.#left;
    this.#ports.log.event('agent.leaving', { why });
    silence();
    stop.removeEventListener('abort', told);
    await Promise.all([server.close(closeWaitMs), this.#refresher.stop()]);
    await this.#rooms.close();
    return why;
  }

  // One ring gone wrong, and one caller's request, must not cost all callers the memory.
  async #ringOrLog(): Promise<void> {
    try {
      await this.#ring();
    } catch (error) {
      this.#ports.log.event('ring.failed', { problem: toAppError(error).message });
    }
  }

  async #answerOrPass(request: AgentRequest): Promise<AgentAnswer> {
    try {
      return await this.#answer(request);
    } catch (error) {
      this.#ports.log.event('request.failed', { verb: request.verb, problem: toAppError(error).message });
      return { kind: 'pass', reason: 'malformed' };
    }
  }

  async #ring(): Promise<void> {
    await this.#refresher.ring();
    this.#rooms.dropExpired();
    const kept = this.#refresher.wanted();
    await this.#takeIn(kept);
    warnOf(kept, { ...this.#ports, warnsAtNight: this.#settings.warnsAtNight });
    await this.#endRotations();
    if (this.#server?.isReachable() !== true) this.#leave('socket-gone');
    else if (this.#ports.programStamp() !== this.#startedFrom) this.#leave('program-changed');
    else if (this.#isIdle()) this.#leave('idle');
  }

  #isIdle(): boolean {
    const { idleMs } = this.#settings;
    if (idleMs === undefined || this.#ports.readClocks().uptimeMs - this.#lastRequestMs < idleMs) return false;
    return this.#rooms.underWay === 0 && !this.#rooms.isUnlocked && this.#refresher.planned().count === 0;
  }

  async #answer({ env: sent, ...rest }: AgentRequest): Promise<AgentAnswer> {
    const { token } = this.#ports;
    const { [callerVariable]: callerPid, ...env } = sent;
    const request = { ...rest, env };
    if (token !== undefined && env[tokenVariable] !== token) return { kind: 'pass', reason: 'not-mine' };
    const caller = this.#callers.of(request);
    // Whatever is asked: a user with two homes has one runtime directory, and one's `agent stop` is not meant for the other's agent.
    if (!this.#isMine(caller)) return { kind: 'pass', reason: 'not-mine' };
    switch (request.verb) {
      case 'get':
        this.#lastRequestMs = this.#ports.readClocks().uptimeMs;
        return await answerGet(request, caller, this.#answersPorts(callerPid));
      case 'prompt':
        // Shells ask at each prompt, which is no use of the credentials: it keeps neither them nor the agent.
        return said(promptFor(request.argument, caller, this.#ports));
      case 'status':
        return said(JSON.stringify(this.#status()));
      case 'forget':
        this.#rooms.forgetAll();
        this.#ports.clock.lookAgain();
        this.#lookAnew();
        return said('');
      case 'doubt':
        this.#rooms.doubtAll();
        this.#ports.clock.lookAgain();
        return said('');
      case 'unlock': {
        const answer = await answerUnlock(request, caller, this.#answersPorts());
        this.#lookAnew();
        return answer;
      }
      case 'lock':
        return said(String(this.#rooms.lockAll()));
      case 'stop':
        this.#leave('told');
        return said('');
      default:
        return { kind: 'pass', reason: 'verb' };
    }
  }

  #isMine({ place }: Caller): boolean {
    return place.home === this.#own.place.home && place.stateDirectory === this.#own.place.stateDirectory;
  }

  // After a login, what was used lately is refreshed at once: the first caller of the day finds it.
  #lookAnew(): void {
    this.#lookedFor.clear();
    this.#rotationsEndedMs = undefined;
    this.#refresher.planAnew();
    void this.#ringOrLog();
  }

  #answersPorts(callerPid?: string): AnswersPorts {
    const { clock, log, wordsOf, refreshElsewhere, readClocks, noteAnswer } = this.#ports;
    const pid = callerPid === undefined ? undefined : Number(callerPid);
    const isNotedHere = callerPid !== notesItself;
    return {
      clock,
      log,
      wordsOf,
      refreshElsewhere,
      isMine: (caller) => this.#isMine(caller),
      roomFor: (caller, files) => this.#rooms.of(caller, files),
      noteAsked: ({ step, profile, caller }) => this.#noteAsked(step.id, { profile, caller }),
      localNow: () => readClocks().wallMs,
      noteAnswer: (caller, answer) => (isNotedHere ? noteAnswer({ caller, pid }, answer) : undefined),
    };
  }

  #noteAsked(id: KeyId, { profile, caller }: Pick<Interest, 'profile' | 'caller'>): void {
    const nowMs = this.#ports.readClocks().uptimeMs;
    const before = this.#interests.get(id);
    const isNoted = before !== undefined && nowMs - before.notedAtMs < noteEveryMs;
    if (isNoted && before.caller === caller && before.profile === profile) return;
    if (!isNoted) this.#ports.state.noteAsked(id);
    // Whoever asked last stands last.
    this.#interests.delete(id);
    const [oldest] = this.#interests.keys();
    if (this.#interests.size >= mostInterests && oldest !== undefined) this.#interests.delete(oldest);
    this.#interests.set(id, { profile, caller, notedAtMs: isNoted ? before.notedAtMs : nowMs });
  }

  /** What is kept fresh is taken into memory while the store is open: it may be locked when somebody asks. */
  async #takeIn(kept: readonly Kept[]): Promise<void> {
    const now = this.#ports.clock.now();
    const isMissing = ({ id, record }: Kept) => isValid({ expiresAt: record.expiresAt ?? 0 }, now) && !this.#lookedFor.has(id);
    for (const { id, recipe, step } of kept.filter(isMissing)) {
      const room = await this.#rooms.of(this.#callerOf(id));
      try {
        room.lastStep(recipe); // whose these are is then known here, too, when the state is lost
        if (room.memory.lifeOf(step.account) === undefined) (await room.look(step, recipe.profile))?.document.fill(0);
      } catch (error) {
        if (!isAppError(error, 'store-locked', 'store-unavailable')) throw error;
        return; // locked or not there: so it is for all of them, until a later ring
      }
      this.#lookedFor.add(id);
    }
  }

  async #endRotations(): Promise<void> {
    const nowMs = this.#ports.readClocks().uptimeMs;
    if (this.#rotationsEndedMs !== undefined && nowMs - this.#rotationsEndedMs < endRotationsEveryMs) return;
    this.#rotationsEndedMs = nowMs;
    for (const caller of this.#knownCallers()) {
      try {
        const files = caller.readFiles();
        await this.#ports.endRotations({ files, env: caller.env }, async () => (await this.#rooms.of(caller, files)).ports);
      } catch (error) {
        if (!isAppError(error)) throw error;
        this.#ports.log.event('rotation.failed', { code: error.code });
      }
    }
  }

  #knownCallers(): ReadonlySet<Caller> {
    return new Set([this.#own, ...[...this.#interests.values()].map(({ caller }) => caller)]);
  }

  #callerOf(id: KeyId): Caller {
    return this.#interests.get(id)?.caller ?? this.#own;
  }

  #createRefresher(): Refresher {
    const { clock, state, log, random, readClocks } = this.#ports;
    const callerOf = (id: KeyId) => this.#callerOf(id);
    return new Refresher({
      clock,
      state,
      log,
      random,
      readClocks,
      unusedMs: this.#settings.unusedMs,
      stamp: () => [state.stamp(), ...this.#filesInUse()].join(' '),
      recipeOf: ({ id, profile }) => callerOf(id).recipe(this.#interests.get(id)?.profile ?? profile),
      refresh: async (recipe, step) => await this.#refresh(recipe, step),
      onWake: () => this.#rooms.doubtAll(),
    });
  }

  async #refresh(recipe: Recipe, step: Step): Promise<'refreshed' | 'started'> {
    const isCallerKnown = this.#interests.has(step.id);
    const caller = this.#callerOf(step.id);
    const room = await this.#rooms.of(caller);
    try {
      (await room.refresh(recipe, step, { recallsNetwork: !isCallerKnown })).document.fill(0);
      return 'refreshed';
    } catch (error) {
      if (!isAppError(error, 'program-needed')) throw error;
      const unasked = { ...caller, env: { ...caller.env, [unaskedVariable]: '1' } };
      this.#ports.refreshElsewhere(isCallerKnown ? caller : unasked, recipe.profile);
      return 'started';
    }
  }

  /** A number for each parsed state of the files that recipes come from. */
  #filesInUse(): readonly string[] {
    return [...this.#knownCallers()].map((caller) => caller.filesStamp());
  }

  #status(): AgentStatus {
    const { version, pid, socketPath } = this.#settings;
    const { count, profiles, nextAt } = this.#refresher.planned();
    return {
      v: 1,
      pid,
      version,
      uptimeSeconds: Math.floor((this.#ports.readClocks().uptimeMs - this.#startedAtMs) / 1000),
      socket: socketPath,
      callers: this.#server?.open ?? 0,
      cached: this.#rooms.cached,
      refreshing: this.#rooms.underWay,
      planned: count,
      profiles: profiles.slice(0, mostNames),
      ...(nextAt === undefined ? {} : { nextRefreshAt: new Date(nextAt).toISOString() }),
      ...(this.#rooms.isUnlocked ? { unlocked: true } : {}),
    };
  }
}

/** An answer has at most 64 KiB. */
const mostNames = 100;

function said(text: string): AgentAnswer {
  return { kind: 'exit', status: 0, bytes: Buffer.from(text) };
}

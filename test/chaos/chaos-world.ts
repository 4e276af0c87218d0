// The world that chaos is made in: a home, a session bus with gnome-keyring, the double of STS behind a tap, moved clocks, and an agent
// that comes and goes. Everything runs as it does at a user's; nothing is faked but AWS.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { type Conversation, converse } from '../../src/agent/client.ts';
import { variablesToSend } from '../../src/agent/wire.ts';
import { parseAnchor } from '../../src/credentials/clock-offset.ts';
import type { Store } from '../../src/ports/store.ts';
import { openSecretService } from '../../src/stores/secret-service.ts';
import { socketOf } from '../harness/agent.ts';
import { type SessionBus, startSessionBus } from '../harness/session-bus.ts';
import { openWorld, type Ran, type Running, type RunOptions, succeed, usualCredentials, type World } from '../harness/world.ts';
import { type StartedAgent, startAgent } from './agent-start.ts';
import { ChaosClock } from './chaos-clock.ts';
import { chaosConfig, type EditedRole, editedRoles } from './profiles.ts';
import { openWireTap, type WireTap } from './wire-tap.ts';

export interface ChaosWorldOptions {
  /** Where nothing fills the disk: for what the harness itself needs. */
  readonly ownDirectory: string;
  readonly lock: 'kernel' | 'lease';
}

/** Who lost what, and when: what explains a second AssumeRole. */
export interface Blow {
  readonly kind: 'kill' | 'stop';
  readonly pid: number;
  /** Who had started it: a launcher runs the program in a process of its own, and ends as that does. */
  readonly parent?: number | undefined;
  /** On the monotonic clock. */
  readonly from: number;
  /** Of a stop: when it went on. */
  readonly to: number;
}

const statusMs = 2_000;

export class ChaosWorld {
  readonly world: World;
  readonly bus: SessionBus;
  readonly tap: WireTap;
  readonly clock: ChaosClock;
  readonly lock: ChaosWorldOptions['lock'];
  readonly blows: Blow[] = [];
  /** The agent ended without being told to. */
  onAgentLeft: (ran: Ran) => void = () => undefined;
  #agent: StartedAgent | undefined;
  #wantsAgent = false;
  #starting: Promise<void> | undefined;
  readonly #roles: { readonly role: EditedRole; readonly from: number; readonly to: number }[] = [];
  readonly #agentPids = new Set<number>();
  #agentUndisturbedSince = Number.POSITIVE_INFINITY;

  private constructor(parts: Pick<ChaosWorld, 'world' | 'bus' | 'tap' | 'clock' | 'lock'>) {
    this.world = parts.world;
    this.bus = parts.bus;
    this.tap = parts.tap;
    this.clock = parts.clock;
    this.lock = parts.lock;
  }

  /** Imported and logged in. */
  static async open({ ownDirectory, lock }: ChaosWorldOptions): Promise<ChaosWorld> {
    const bus = await startSessionBus();
    const world = await openWorld({ keychainEnv: bus.env });
    const tap = await openWireTap(world.sts.url);
    const clock = new ChaosClock(ownDirectory, world.sts);
    const made = new ChaosWorld({ world, bus, tap, clock, lock });
    made.expectEdited(editedRoles[0], () => writeFileSync(world.configPath, made.configText(editedRoles[0])));
    world.writeCredentials(usualCredentials);
    await succeed(made.run(['import', 'corp', '--yes']).ended);
    await made.logIn();
    return made;
  }

  /** `rolekeeper …` in this time and with this lock. */
  run(args: readonly string[], options: RunOptions = {}): Running {
    return this.world.start(args, { ...options, env: { ...this.#env, ...options.env } });
  }

  /** The same by the launcher for Node, as npm installs it. */
  runLauncher(args: readonly string[]): Running {
    const { env } = this.world;
    return this.world.startCommand(process.execPath, [`${this.world.program}.js`, ...args], { env: { ...env, ...this.#env } });
  }

  get #env(): Readonly<Record<string, string>> {
    // Whatever a half-written config says, nobody but the double is asked.
    return { ...this.clock.env, ROLEKEEPER_LOCK: this.lock, AWS_ENDPOINT_URL_STS: this.tap.url };
  }

  /** A starved machine may take longer than AWS is waited for; a person tries again then. Throws what login says in the end. */
  async logIn(triesLeft = 3): Promise<void> {
    const ran = await this.run(['login', 'corp', '--code', this.#unusedCode()]).ended;
    if (ran.status === 7 && triesLeft > 1) return await this.logIn(triesLeft - 1);
    await succeed(Promise.resolve(ran));
  }

  /** How long the day's login lasts. */
  get sessionLeftMs(): number {
    const session = this.tap
      .flights()
      .findLast(({ operation, issued }) => operation === 'GetSessionToken' && issued !== undefined);
    return (session?.issued?.expiresAt ?? 0) - this.clock.awsNow();
  }

  /** Any call of AWS tells the time. Throws what it says when it fails. */
  async askAws(): Promise<void> {
    await succeed(this.run(['refresh', '--force', 'direct']).ended);
  }

  #unusedCode(): string {
    try {
      return this.world.sts.totp('alice');
    } catch {
      this.clock.pass(30_000); // both codes of this half minute are spent
      return this.world.sts.totp('alice');
    }
  }

  configText(editedRole: EditedRole): string {
    return chaosConfig(editedRole).replaceAll('$STS', this.tap.url);
  }

  /** A connection of the harness's own to the keyring; its faults are the keyring's. */
  async withStore<T>(deadlineMs: number, work: (store: Store) => Promise<T>): Promise<T> {
    const store = openSecretService({ env: this.bus.env, manners: { deadlineMs, prompts: 'never' } });
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  }

  get stateDirectory(): string {
    return join(this.world.home, 'state', 'rolekeeper');
  }

  /** True while the state knows how far the local clock is off. */
  get knowsClock(): boolean {
    try {
      const [machine = ''] = readdirSync(this.stateDirectory);
      return parseAnchor(JSON.parse(readFileSync(join(this.stateDirectory, machine, 'clock.json'), 'utf8'))) !== undefined;
    } catch {
      return false; // absent, broken or out of reach: that is the answer
    }
  }

  get editedRole(): EditedRole {
    return this.#roles.at(-1)?.role ?? editedRoles[0];
  }

  /** `write` puts this role into the config. */
  expectEdited(role: EditedRole, write: () => void): void {
    const from = performance.now();
    write();
    const last = this.#roles.at(-1);
    if (last !== undefined) this.#roles[this.#roles.length - 1] = { ...last, to: performance.now() };
    this.#roles.push({ role, from, to: Number.POSITIVE_INFINITY });
  }

  /** The roles that the config had for the edited profile between two moments. */
  editedRolesBetween(from: number, to: number): readonly EditedRole[] {
    return this.#roles.filter((one) => one.from <= to && one.to >= from).map(({ role }) => role);
  }

  get agentPid(): number | undefined {
    return this.#agent?.pid;
  }

  /** Since when an agent has run and was left alone, on the monotonic clock; infinity while none does. */
  get agentUndisturbedSince(): number {
    return this.#agent === undefined ? Number.POSITIVE_INFINITY : this.#agentUndisturbedSince;
  }

  /** What a caller would be told by the agent within `waitMs`; undefined where that is no document. */
  async askAgent(profile: string, waitMs: number): Promise<string | undefined> {
    const said = await this.#converse('get', profile, waitMs);
    if (said.kind !== 'answer' || said.answer.kind !== 'exit' || said.answer.status !== 0) return undefined;
    return said.answer.bytes.toString('utf8');
  }

  #converse(verb: string, argument: string, waitMs: number): Promise<Conversation> {
    const env = variablesToSend({ ...this.world.env, ...this.#env });
    const request = { verb, argument, deadlineMs: this.clock.localNow() + waitMs, cwd: this.world.home, env };
    return converse(request, { socketPath: socketOf(this.world), acknowledgeWaitMs: waitMs, answerWaitMs: waitMs });
  }

  /** From now on one is wanted, or none. */
  async wantAgent(isWanted: boolean): Promise<void> {
    this.#wantsAgent = isWanted;
    await (isWanted ? this.startAgentAgain() : this.endAgent());
  }

  /** If one is wanted and none is there. Two faults that end at once start one. */
  async startAgentAgain(): Promise<void> {
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    await this.#starting;
  }

  async #start(): Promise<void> {
    if (!this.#wantsAgent || this.#agent !== undefined) return;
    this.#agent = await startAgent({
      start: () => this.run(['agent', 'run']),
      onLeft: (ran) => {
        this.#agent = undefined;
        this.onAgentLeft(ran);
      },
      isAnswering: async () => (await this.#converse('status', '', statusMs)).kind === 'answer',
    });
    this.#agentPids.add(this.#agent.pid);
    this.#agentUndisturbedSince = performance.now();
  }

  /** Of one that is gone as well. */
  isAgent(pid: number | undefined): boolean {
    return pid !== undefined && this.#agentPids.has(pid);
  }

  /** SIGTERM, and gone. */
  async endAgent(): Promise<void> {
    await this.#starting;
    await this.#takeAgent()?.end('SIGTERM');
  }

  /** SIGKILL, and gone. */
  async killAgent(): Promise<void> {
    await this.#starting;
    await this.#takeAgent()?.end('SIGKILL');
  }

  #takeAgent(): StartedAgent | undefined {
    const agent = this.#agent;
    this.#agent = undefined;
    if (agent !== undefined)
      this.blows.push({ kind: 'kill', pid: agent.pid, from: performance.now(), to: Number.POSITIVE_INFINITY });
    return agent;
  }

  /** False where there is no such process any more. */
  signal(pid: number, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): boolean {
    const parent = parentOf(pid);
    if (pid === this.agentPid) this.#agentUndisturbedSince = signal === 'SIGCONT' ? performance.now() : Number.POSITIVE_INFINITY;
    try {
      process.kill(pid, signal);
    } catch {
      return false; // it has ended by itself
    }
    const now = performance.now();
    if (signal === 'SIGCONT') this.#endStops(pid, now);
    else this.blows.push({ kind: signal === 'SIGKILL' ? 'kill' : 'stop', pid, parent, from: now, to: Number.POSITIVE_INFINITY });
    return true;
  }

  #endStops(pid: number, at: number): void {
    for (const [index, blow] of this.blows.entries()) {
      if (blow.pid === pid && blow.kind === 'stop' && blow.to > at) this.blows[index] = { ...blow, to: at };
    }
  }

  async close(): Promise<void> {
    await this.killAgent();
    await this.tap.close();
    await this.bus.stop();
    await this.world.close();
    this.clock.close();
  }
}

/** Undefined for a process that has ended. */
function parentOf(pid: number): number | undefined {
  try {
    // proc(5): pid (name) state ppid; a name may hold anything, brackets too.
    return Number(/\) \S (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1]);
  } catch {
    return undefined;
  }
}

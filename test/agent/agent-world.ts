// What the tests of the agent's parts share: a machine, an AWS that can be out of reach, a store, and recipes of alice's roles.

import { AgentMemory } from '../../src/agent/memory.ts';
import { StoreRoom } from '../../src/agent/store-room.ts';
import { keysAccount, parseProfileName } from '../../src/config/names.ts';
import type { Recipe, Step } from '../../src/config/recipe.ts';
import { stepsOf } from '../../src/config/recipe.ts';
import { toKeysItem } from '../../src/credentials/credentials.ts';
import { parseMfaCode } from '../../src/credentials/mfa-code.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { AppError } from '../../src/errors.ts';
import type { Log } from '../../src/ports/log.ts';
import type { Sts } from '../../src/ports/sts.ts';
import { logIn, type ObtainPorts, openChain } from '../../src/refresh/obtain.ts';
import { noEntryPorts } from '../fakes/entry-ports.ts';
import { fakeLock } from '../fakes/fake-lock.ts';
import { type FakeMachine, fakeMachine } from '../fakes/fake-machine.ts';
import { fakeState } from '../fakes/fake-state.ts';
import { aliceArn, fakeSts } from '../fakes/fake-sts.ts';
import { faultyStore } from '../fakes/faulty-store.ts';

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

export const corp = parseProfileName('corp');
const endpoint = { region: 'eu-west-1', useFips: false, useDualstack: false, useGlobal: false };
const session = {
  kind: 'session',
  durationSeconds: 43_200,
  mfaSerial: 'arn:aws:iam::123456789012:mfa/alice',
  endpoint,
} as const;

/** A role of one hour behind alice's keys, or behind her MFA session. */
export function roleRecipe(name = 'dev', { needsLogin = false, seconds = 3600 } = {}): Recipe {
  const profile = parseProfileName(name);
  const role = {
    kind: 'role',
    request: { roleArn: `arn:aws:iam::222233334444:role/${name}`, durationSeconds: seconds },
    endpoint,
  } as const;
  return {
    profile,
    keys: { name: corp, endpoint },
    hops: needsLogin ? [session, role] : [role],
    loginTarget: corp,
    network: {},
    chain: [profile, corp],
    notes: [],
  };
}

export function lastStep(recipe: Recipe): Step {
  const step = stepsOf(recipe, aliceArn).at(-1);
  if (step === undefined) throw new Error('a recipe with hops');
  return step;
}

export interface Attempt {
  readonly atMs: number;
  readonly role: string;
  readonly ending: 'done' | 'failed';
}

export interface FarSts extends Sts {
  /** Calls of AssumeRole, whatever came of them, in the time of AWS. */
  readonly attempts: readonly Attempt[];
  /** Calls that were signed with what had ended. */
  readonly lateCalls: number;
  /** How many AssumeRole calls were ever under way at once. */
  readonly mostAtOnce: number;
  /** Out of reach, or there again. */
  cut(isCut: boolean): void;
  /** Each call takes so long from now on. */
  slowDown(ms: number): void;
  /** AWS refuses this role, now and always. */
  refuse(role: string): void;
}

const usualCallMs = 300;

/** AWS over a network: each call takes a while, and teaches the clock. */
export function farSts(machine: FakeMachine): FarSts {
  const near = fakeSts({ ...machine.clock, now: machine.awsMs });
  const attempts: Attempt[] = [];
  const ends = new Map<string, number>();
  const refused = new Set<string>();
  let callMs = usualCallMs;
  let [isCut, lateCalls, atOnce, mostAtOnce] = [false, 0, 0, 0];
  const reach = async () => {
    await machine.clock.wait(callMs);
    if (isCut) throw new AppError('network', { endpoint: 'https://sts.eu-west-1.amazonaws.com', problem: 'no route to host' });
    machine.clock.learn(machine.awsMs());
  };
  return {
    attempts,
    get lateCalls() {
      return lateCalls;
    },
    get mostAtOnce() {
      return mostAtOnce;
    },
    cut: (cutNow) => {
      isCut = cutNow;
    },
    slowDown: (ms) => {
      callMs = ms;
    },
    refuse: (role) => void refused.add(role),
    getCallerIdentity: async (call) => {
      await reach();
      return near.getCallerIdentity(call);
    },
    getSessionToken: async (request, call) => {
      await reach();
      const credentials = await near.getSessionToken(request, call);
      ends.set(credentials.accessKeyId, credentials.expiresAt);
      return credentials;
    },
    assumeRoleWithWebIdentity: async (request, call) => {
      await reach();
      return near.assumeRoleWithWebIdentity(request, call);
    },
    assumeRoleWithSaml: async (request, call) => {
      await reach();
      return near.assumeRoleWithSaml(request, call);
    },
    assumeRole: async (request, call) => {
      const role = request.roleArn.split('/').at(-1) ?? '';
      const note = (ending: Attempt['ending']) => void attempts.push({ atMs: machine.awsMs(), role, ending });
      mostAtOnce = Math.max(mostAtOnce, ++atOnce);
      // As it is sent: what the machine sleeps through on its way is nobody's fault.
      if ((ends.get(call.caller.accessKeyId) ?? Number.POSITIVE_INFINITY) <= machine.awsMs()) lateCalls += 1;
      try {
        await reach();
        if (refused.has(role)) {
          const [awsCode, words, hint] = ['AccessDenied', 'no', 'ask'];
          throw new AppError('aws-refused', { doing: 'AssumeRole', awsCode, words, hint, isTransient: false });
        }
        const credentials = await near.assumeRole(request, call);
        note('done');
        return credentials;
      } catch (error) {
        note('failed');
        throw error;
      } finally {
        atOnce -= 1;
      }
    },
  };
}

/** Alice's keys are in the store; nobody has asked for anything yet. */
export async function openAgentWorld() {
  const machine = fakeMachine();
  const sts = farSts(machine);
  const store = faultyStore();
  const [state, lock] = [fakeState(() => machine.readClocks().wallMs), fakeLock()];
  const events: string[] = [];
  const logged: { readonly name: string; readonly fields: Parameters<Log['event']>[1] }[] = [];
  await store.set(
    keysAccount(corp),
    toKeysItem({ accessKeyId: 'AKIA1', secretAccessKey: new Secret('long-term'), userArn: aliceArn }, keysAccount(corp)),
  );
  const ports: ObtainPorts = {
    ...noEntryPorts,
    clock: machine.clock,
    sts,
    store,
    state,
    lock,
    readLoginCache: () => undefined,
    random: () => 1,
    remember: async () => undefined,
    log: {
      event: (name, fields) => {
        events.push(name);
        logged.push({ name, fields });
      },
    },
  };
  const memory = new AgentMemory(machine.clock, () => machine.readClocks().uptimeMs);
  const room = new StoreRoom(ports, memory);
  return {
    ...{ machine, sts, store, state, lock, events, ports, memory, room },
    /** What was logged under this name. */
    linesOf: (wanted: string) => logged.flatMap(({ name, fields }) => (name === wanted ? [fields] : [])),
    /** While the machine runs on. */
    async during<T>(ms: number, work: Promise<T>): Promise<T> {
      const [result] = await Promise.all([work, machine.run(ms)]);
      return result;
    },
    /** The day's MFA login. */
    async logIn(): Promise<void> {
      const recipe = roleRecipe('dev', { needsLogin: true });
      const login = openChain(recipe, ports).then((chain) => logIn(chain, { index: 0, code: parseMfaCode('123456') }, ports));
      await Promise.all([login, machine.run(second)]);
    },
  };
}

export type AgentWorld = Awaited<ReturnType<typeof openAgentWorld>>;

/** What a process document says. */
export function documentIn(bytes: Buffer): { readonly AccessKeyId: string; readonly Expiration: string } {
  const document: { AccessKeyId: string; Expiration: string } = JSON.parse(bytes.toString('utf8'));
  return document;
}

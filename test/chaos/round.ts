// One round: callers come, faults begin and end, everything is mended, and then every profile must answer at the first call.

import { setTimeout as wait } from 'node:timers/promises';
import { fewAtOnce } from '../../src/refresh/few-at-once.ts';
import type { Callers } from './callers.ts';
import type { ChaosWorld } from './chaos-world.ts';
import { ruleOf } from './fault-rules.ts';
import { faultTable } from './fault-table.ts';
import type { Judge } from './judge.ts';
import { type ChaosProfile, chaosProfiles } from './profiles.ts';
import { Random } from './random.ts';
import type { PlannedFault, Round } from './schedule.ts';
import { countIn, type Tally } from './tally.ts';

export interface RoundPorts {
  readonly chaos: ChaosWorld;
  readonly callers: Callers;
  readonly judge: Judge;
  readonly tally: Tally;
  readonly say: (line: string) => void;
}

export async function playRound(round: Round, ports: RoundPorts): Promise<void> {
  const { chaos, callers } = ports;
  chaos.clock.pass(round.sleptMs);
  await chaos.wantAgent(round.hasAgent);
  const random = new Random(round.seed);
  const lanes = Array.from({ length: round.lanes }, () => random.fork());
  const over = new AbortController();
  const calling = callers.run(lanes, over.signal);
  try {
    const mending = await Promise.all(round.faults.map((fault) => playFault(fault, ports)));
    await wait(random.between(0, 300));
    over.abort();
    await calling;
    await mend(mending, ports);
  } finally {
    over.abort();
    await calling;
  }
}

/** What is left to do when the round is over. */
interface Mending {
  readonly needsLogin: boolean;
  readonly movedClock: boolean;
  /** What could not be ended at its time: another fault stood in the way. */
  readonly end: (() => Promise<void>) | undefined;
}

/** A fault that nobody met was none: on a starved machine it lasts until so many have, or so long. */
const callsInAFault = 4;
const patienceMs = 30_000;

async function playFault({ kind, atMs, holdMs, seed }: PlannedFault, ports: RoundPorts): Promise<Mending> {
  const { chaos, callers, judge, tally, say } = ports;
  await wait(atMs);
  const spell = judge.begin(kind);
  const movedClock = ruleOf(kind).at === 'clock';
  try {
    const begun = await faultTable[kind]({ chaos, callers, random: new Random(seed) });
    countIn(tally.faults, kind);
    say(`${kind}: ${begun.what}, for ${holdMs} ms`);
    await wait(holdMs);
    await callers.answered(spell.from, callsInAFault, patienceMs);
    spell.ending = performance.now();
    const isEnded = await begun.end().then(
      () => true,
      () => false,
    );
    const needsLogin = begun.needsLogin === true;
    if (isEnded && !needsLogin) spell.to = performance.now();
    return { needsLogin, movedClock, end: isEnded ? undefined : begun.end };
  } catch (error) {
    // The keyring is away because of another fault, and nothing in it can be broken.
    say(`${kind}: could not begin: ${String(error)}`);
    spell.to = performance.now();
    return { needsLogin: false, movedClock, end: undefined };
  }
}

/** Longer than a failure is remembered. */
const forgottenMs = 6_000;
/** After this an agent reads again what others learnt of the clock. */
const rereadMs = 61_000;

async function mend(mending: readonly Mending[], { chaos, callers, judge, tally }: RoundPorts): Promise<void> {
  for (const { end } of mending) await end?.();
  if (!chaos.bus.hasKeyring) await chaos.bus.restartKeyring();
  await chaos.startAgentAgain();
  await landed(chaos);
  chaos.clock.pass(forgottenMs);
  judge.forgetFaults();
  if (mending.some(({ movedClock }) => movedClock)) {
    await chaos.askAws();
    chaos.clock.pass(rereadMs);
  }
  if (mending.some(({ needsLogin }) => needsLogin) || chaos.sessionLeftMs < enoughMs) await chaos.logIn();
  await fewAtOnce(chaosProfiles, probesAtOnce, (profile) => probe(profile, { callers, tally }));
  tally.recoveries += 1;
}

/** No session ends in a round that does not mean it to. */
const enoughMs = 5 * 3_600_000;

/** STS is waited for no longer; then a moment, in which a failure is published. */
const longestFlightMs = 12_000;
const publishingMs = 500;

/** The agent's refreshes of the fault have ended, and with them what they may still publish. */
async function landed({ tap }: ChaosWorld): Promise<void> {
  const giveUpAt = performance.now() + longestFlightMs;
  while (performance.now() < giveUpAt && tap.flights().some(({ endedAt }) => endedAt === undefined)) await wait(50);
  await wait(publishingMs);
}

const probesAtOnce = 3;
const tries = 4;

/** The first call must succeed; the judge forgives a failure only where the machine is starved, and then not for ever. */
async function probe(profile: ChaosProfile, { callers, tally }: Pick<RoundPorts, 'callers' | 'tally'>): Promise<void> {
  for (let tried = 1; tried <= tries; tried++) {
    const { status, stderr, tookMs } = await callers.call(profile, false);
    if (status === 0) return;
    if (tried < tries) continue;
    const broken = [`it does not answer any more, ${tries} times in a row`];
    tally.violation({ what: `get ${profile.name}`, broken, faults: [], stderr, tookMs, canaryMs: 0 });
  }
}

// `npm run chaos`: makes trouble by a seed for so many minutes, judges every answer, and reports (docs/reliability.md).

import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { Callers } from './callers.ts';
import { openCanary } from './canary.ts';
import { ChaosWorld } from './chaos-world.ts';
import { faultKinds, isFaultKind } from './fault-rules.ts';
import { Judge } from './judge.ts';
import { type ChaosOptions, parseOptions } from './options.ts';
import { reportTable } from './report-table.ts';
import { playRound } from './round.ts';
import { schedule } from './schedule.ts';
import { extraFlights } from './single-flight.ts';
import { countIn, type RunReport, sorted, Tally } from './tally.ts';
import type { Flight } from './wire-tap.ts';

/** Given by tools/chaos.mjs, which prepares the stage. */
interface Stage {
  /** Where nothing fills the disk. */
  readonly ownDirectory: string;
  /** Fault kinds that the stage has no place for, with the reason. */
  readonly impossible: Readonly<Record<string, string>>;
}

const say = (line: string) => process.stderr.write(`chaos: ${line}\n`);

const [first, ...rest] = process.argv.slice(2);
if (first === '--table') process.stdout.write(reportTable(rest.map(readReport)));
else await main(parseOptions(process.argv.slice(2)), stageFrom(process.env['CHAOS_STAGE']));

async function main(options: ChaosOptions, stage: Stage): Promise<void> {
  const report = await run(options, stage);
  const text = `${JSON.stringify(report, undefined, 1)}\n`;
  if (options.jsonPath === undefined) process.stdout.write(text);
  else writeFileSync(options.jsonPath, text);
  if (report.violations.length === 0) return;
  const rules = report.violations.length === 1 ? '1 rule' : `${report.violations.length} rules`;
  say(`seed ${options.seed} broke ${rules}; again: npm run chaos -- --seed ${options.seed} --rounds ${report.rounds}`);
  process.exitCode = 1;
}

async function run({ seed, minutes, rounds }: ChaosOptions, { ownDirectory, impossible }: Stage): Promise<RunReport> {
  const startedAt = performance.now();
  const canary = await openCanary();
  // The kernel's lock is what nearly everybody has.
  const lock = seed % 4 === 0 ? 'lease' : 'kernel';
  const chaos = await ChaosWorld.open({ ownDirectory, lock });
  const tally = new Tally(say);
  const judge = new Judge({ chaos, canary, tally });
  chaos.onAgentLeft = ({ status, stderr, tookMs }) => {
    tally.agentsLeft += 1;
    if (status === 0 && lock === 'lease') return;
    const broken = [`the agent left by itself, with ${status === undefined ? 'a signal' : `status ${status}`}`];
    tally.violation({
      what: 'agent run',
      broken,
      faults: judge
        .spells()
        .slice(-3)
        .map(({ kind }) => kind),
      stderr,
      tookMs,
      canaryMs: 0,
    });
  };
  chaos.bus.onKeyringLost = (how) => {
    say(`gnome-keyring ended by itself: ${how}`);
    countIn(tally.faults, 'keyring-gone, by itself');
    judge.begin('keyring-gone');
  };
  const callers = new Callers(chaos, (call) => judge.judge(call));
  try {
    const possible = faultKinds.filter((kind) => impossible[kind] === undefined);
    for (const round of schedule(seed, possible)) {
      if (round.number > rounds || performance.now() - startedAt > minutes * 60_000) break;
      tally.round = round.number;
      say(`round ${round.number}: ${round.faults.map(({ kind }) => kind).join(', ')}`);
      const before = chaos.tap.flights().length;
      await playRound(round, { chaos, callers, judge, tally, say });
      countExtraFlights(before, { chaos, judge, tally });
    }
    return {
      seed,
      minutes: Math.round((performance.now() - startedAt) / 6_000) / 10,
      lock,
      ...tally.counts(),
      calls: callsOf(chaos),
      canary: canary.summary(),
      hoursPassed: Math.round(chaos.clock.passedMs / 3_600_000),
      impossible,
    };
  } finally {
    await chaos.close();
    await canary.close();
  }
}

/** Those of the round that began with this flight. */
function countExtraFlights(
  first: number,
  { chaos, judge, tally }: { readonly chaos: ChaosWorld; readonly judge: Judge; readonly tally: Tally },
): void {
  const flights = chaos.tap.flights();
  const withoutLocks = judge
    .spells()
    .filter(({ kind }) => kind === 'state-unreadable' || kind === 'state-removed' || kind === 'disk-full');
  const circumstances = {
    blows: chaos.blows,
    startedAt: (pid: number) => judge.begun.get(pid),
    askedSince: (flight: Flight) => (chaos.isAgent(flight.pid) ? judge.waitingSince(flight) : undefined),
    lock: chaos.lock,
    withoutLocks,
  };
  for (const { flight, earlier, why } of extraFlights(flights.slice(first), circumstances)) {
    countIn(tally.extraRefreshes, why ?? 'unexplained');
    if (why !== undefined) continue;
    const said = [...earlier, flight].map((one) => flightInWords(one, flight.startedAt, chaos));
    const broken = [`a second AssumeRole was under way for the same key id: ${said.join('; ')}`];
    const faults = [
      ...new Set(
        judge
          .spells()
          .filter(({ from }) => from <= flight.startedAt)
          .slice(-3)
          .map(({ kind }) => kind),
      ),
    ];
    tally.violation({ what: flight.key, broken, faults, tookMs: 0, stderr: '', canaryMs: 0 });
  }
}

/** Times are counted from the second call. */
function flightInWords({ pid, startedAt, endedAt }: Flight, from: number, chaos: ChaosWorld): string {
  const span = (begin: number, end: number | undefined) =>
    `${Math.round(begin - from)} to ${Math.round((end ?? Infinity) - from)} ms`;
  const struck = chaos.blows
    .filter((blow) => blow.pid === pid)
    .map(({ kind, ...blow }) => `, ${kind} ${span(blow.from, blow.to)}`);
  return `${chaos.isAgent(pid) ? 'agent' : 'process'} ${pid}, ${span(startedAt, endedAt)}${struck.join('')}`;
}

function callsOf({ tap }: ChaosWorld) {
  const counts = new Map<string, number>();
  for (const { operation } of tap.flights()) countIn(counts, operation);
  return sorted(counts);
}

function stageFrom(text: string | undefined): Stage {
  if (text === undefined) throw new Error('there is no stage: run tools/chaos.mjs');
  const { ownDirectory, impossible }: Stage = JSON.parse(text);
  for (const kind of Object.keys(impossible)) if (!isFaultKind(kind)) throw new Error(`there is no fault ${kind}`);
  return { ownDirectory, impossible };
}

function readReport(path: string): RunReport {
  return JSON.parse(readFileSync(path, 'utf8'));
}

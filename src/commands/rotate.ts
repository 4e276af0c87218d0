// `rolekeeper rotate PROFILE`: a new access key for the IAM user whose keys are in the store. The old one is made inactive at once and
// deleted after a grace period. Run again after an interruption, it goes on where it was.

import { type ProfileName, parseProfileName } from '../config/names.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import type { RotationPlan } from '../credentials/rotation-plan.ts';
import { AppError } from '../errors.ts';
import type { HeldLock } from '../ports/lock.ts';
import {
  createKey,
  deactivateKey,
  deleteKey,
  lookAtRotation,
  noteGrace,
  type RotatePorts,
  refused,
  restoreKeys,
  type Subject,
  switchKeys,
  verifyKey,
} from '../rotation/rotate-keys.ts';
import { iamEndpointOf, subjectOf } from '../rotation/subject.ts';
import { shellWord } from '../shell-word.ts';
import type { Wiring } from '../wiring.ts';
import { handOver } from './hand-over.ts';
import { writeStderr } from './report.ts';
import { type Asked, dayMs, graceLines, planLines, type RotateOptions, warningLines } from './rotate-words.ts';
import { rotationPorts } from './rotation-ports.ts';

const storeDeadlineMs = 60_000;
const usualDays = 7;

export async function rotate(options: RotateOptions, wiring: Wiring): Promise<void> {
  const profile = parseProfileName(options.profile);
  if (options.deletes && options.deleteAfter !== undefined) {
    throw new AppError('usage', { problem: '--delete and --delete-after exclude each other' });
  }
  const graceMs = options.deletes ? 0 : daysOf(options.deleteAfter) * dayMs;
  const files = wiring.readConfig();
  const recipe = resolveRecipe(profile, files, wiring.env);
  const iamEndpoint = iamEndpointOf(recipe, { files, env: wiring.env });
  const store = await wiring.openStore({ deadlineMs: storeDeadlineMs, prompts: 'allowed' });
  try {
    const ports = await rotationPorts(await wiring.openRefresh(store), wiring, (line) => writeStderr([line]));
    const subject = await subjectOf(recipe, { iamEndpoint, log: wiring.log }, ports);
    const asked = { options, profile, graceMs, subject };
    const before = await lookAtRotation(subject, ports);
    // Throws for a plan that cannot be carried out.
    const lines = [...planLines(before, asked, ports.clock), ...warningLines(before, recipe)];
    if (options.isDryRun) return writeStderr([...lines, 'nothing was changed']);
    writeStderr(lines);
    if (!options.isYes) await confirm(asked, wiring);
    await alone(subject.name, wiring, (held) => carryOut(before, { ...asked, lost: held.lost }, ports));
    writeStderr([`sessions and roles that began with keys/${subject.name} stay valid`]);
    await handOver(store, wiring);
  } finally {
    await store.close();
  }
}

interface Locked extends Asked {
  /** Another process may be at it by now. */
  readonly lost: AbortSignal;
}

/** Under the lock. What was shown and confirmed is looked at again: another process may have been first. */
async function carryOut(before: RotationPlan, asked: Locked, ports: RotatePorts): Promise<void> {
  const now = await lookAtRotation(asked.subject, ports);
  const name = asked.subject.name;
  if (JSON.stringify(now) !== JSON.stringify(before)) {
    if (!isFurther(now, before))
      throw refused(name, 'the keys have changed meanwhile', `run \`rolekeeper rotate ${shellWord(asked.profile)}\` again`);
    return writeStderr([`keys/${name} was rotated meanwhile by another process; nothing is left to do`]);
  }
  try {
    await carryOn(now, asked, ports);
  } catch (error) {
    if (ports.records.read(name) !== undefined) {
      writeStderr([`keys/${name} works as it is; \`rolekeeper rotate ${shellWord(asked.profile)}\` goes on from here`]);
    }
    throw error;
  }
}

/** Another process has done what was asked for. */
function isFurther(now: RotationPlan, before: RotationPlan): boolean {
  if (before.kind === 'grace') return now.kind === 'grace' && now.oldId !== before.oldId;
  if (now.kind === 'grace') return true;
  return now.kind === 'begin' && 'oldId' in before && now.oldId !== before.oldId;
}

// Each case does its step and hands over to the one that comes after it.
async function carryOn(plan: RotationPlan, asked: Locked, ports: RotatePorts): Promise<void> {
  if (asked.lost.aborted)
    throw refused(
      asked.subject.name,
      'the computer slept meanwhile',
      `run \`rolekeeper rotate ${shellWord(asked.profile)}\` again`,
    );
  const { subject, graceMs, options, profile } = asked;
  switch (plan.kind) {
    case 'begin': {
      const newId = await createKey(plan, subject, ports);
      return carryOn({ kind: 'verify', oldId: plan.oldId, newId }, asked, ports);
    }
    case 'verify':
      await verifyKey(subject, ports);
      await switchKeys(subject, ports);
      writeStderr([`the new key ${plan.newId} is in ${ports.store.description} as keys/${subject.name}; accepted by AWS`]);
      return carryOn({ ...plan, kind: 'deactivate' }, asked, ports);
    case 'deactivate': {
      const deleteAt = await deactivateKey(plan.oldId, { graceMs, subject }, ports);
      if (!options.deletes) return writeStderr(graceLines(plan.oldId, { deleteAt, profile }, ports.clock));
      return endRotation(plan.oldId, subject, ports);
    }
    case 'grace': {
      if (plan.deleteAt === undefined && !options.deletes) {
        const deleteAt = noteGrace(plan.oldId, { graceMs, name: subject.name }, ports);
        return writeStderr(graceLines(plan.oldId, { deleteAt, profile }, ports.clock));
      }
      await endRotation(plan.oldId, subject, ports);
      return options.isFinish ? undefined : carryOn({ kind: 'begin', oldId: plan.newId }, asked, ports);
    }
    case 'restore':
      await restoreKeys(subject, ports);
      return writeStderr([`${plan.oldId} is in use again as keys/${subject.name}`]);
    case 'no-key':
    case 'two-keys':
      throw new AppError('unexpected', { problem: 'a plan that was refused is carried out' });
    default:
      return plan satisfies never;
  }
}

async function endRotation(oldId: string, subject: Subject, ports: RotatePorts): Promise<void> {
  await deleteKey(oldId, subject, ports);
  writeStderr([`the old key ${oldId} is deleted`]);
}

async function confirm({ profile, options }: Asked, wiring: Wiring): Promise<void> {
  const flags = `${options.isFinish ? ' --finish' : ''}${options.deletes ? ' --delete' : ''}`;
  const terminal = await wiring.openTerminal({
    command: 'rotate',
    instead: `run \`rolekeeper rotate ${shellWord(profile)}${flags} --yes\``,
  });
  if (!(await terminal.confirm('Go on?'))) throw new AppError('declined', {});
}

/** Longer than a rotation takes whose new key is slow to come everywhere. */
const lockWaitMs = 180_000;

// Unlike a refresh, which at worst is made twice, a rotation must not run beside another: who does not get the lock gives up.
async function alone(name: ProfileName, { openLock }: Wiring, work: (held: HeldLock) => Promise<void>): Promise<void> {
  const outcome = await (await openLock()).withLock('rotate', { waitMs: lockWaitMs }, work);
  if (outcome.kind === 'busy') throw refused(name, 'another rotation is under way', 'wait for it to end, then look again');
}

function daysOf(text: string | undefined): number {
  if (text === undefined) return usualDays;
  if (/^\d{1,3}$/.test(text) && Number(text) <= 365) return Number(text);
  throw new AppError('usage', { problem: `--delete-after takes a number of days, 0 to 365, not ${JSON.stringify(text)}` });
}

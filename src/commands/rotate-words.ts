// What `rotate` tells the person: what it will do, what that means for others, and why it will not. Does nothing.

import type { ProfileName } from '../config/names.ts';
import type { Recipe } from '../config/recipe.ts';
import { localMinute } from '../credentials/credentials.ts';
import type { RotationPlan } from '../credentials/rotation-plan.ts';
import { AppError } from '../errors.ts';
import type { Clock } from '../ports/time.ts';
import { refused, type Subject } from '../rotation/rotate-keys.ts';
import { shellWord } from '../shell-word.ts';

export interface RotateOptions {
  readonly profile: string;
  /** How long the old key is kept, inactive. */
  readonly deleteAfter: string | undefined;
  /** The old key goes at once. */
  readonly deletes: boolean;
  /** Ends a rotation that is under way, and begins none. */
  readonly isFinish: boolean;
  readonly isDryRun: boolean;
  readonly isYes: boolean;
}

export interface Asked {
  readonly options: RotateOptions;
  readonly profile: ProfileName;
  readonly graceMs: number;
  readonly subject: Subject;
}

export const dayMs = 24 * 3_600_000;

/** What will be done. Throws `rotation-refused` and `usage` for what cannot be done now. */
export function planLines(plan: RotationPlan, asked: Asked, clock: Clock): readonly string[] {
  const { profile, options, subject } = asked;
  const of = `of ${subject.userArn}`;
  switch (plan.kind) {
    case 'begin':
      if (options.isFinish)
        throw new AppError('usage', {
          problem: `no rotation of keys/${subject.name} is under way`,
          hint: `run \`rolekeeper rotate ${shellWord(profile)}\``,
        });
      return [
        ...(plan.orphanId === undefined
          ? []
          : [`an interrupted rotation left the key ${plan.orphanId}, whose secret nobody has: it will be deleted`]),
        `a new access key ${of} will take the place of ${plan.oldId}, which will be ${afterwards(asked)}`,
      ];
    case 'verify':
      return [
        `a rotation ${of} was interrupted: ${plan.newId} is not in use yet. It will take the place of ${plan.oldId}, which will be ${afterwards(asked)}`,
      ];
    case 'deactivate':
      return [
        `a rotation ${of} is not at its end: ${plan.newId} is in use, and the old key ${plan.oldId} is active. It will be ${afterwards(asked)}`,
      ];
    case 'grace':
      return graceLinesBefore(plan, asked, clock);
    case 'restore':
      return [
        `IAM has ${plan.newId}, the key in use, no more or as inactive: the old key ${plan.oldId}, which is active, will be used again`,
      ];
    case 'no-key':
      throw refused(
        subject.name,
        `${plan.currentId}, the key in use, is deleted or inactive in IAM`,
        `make it active there, or put another in: \`rolekeeper add ${shellWord(profile)}\``,
      );
    case 'two-keys': {
      const keys = plan.keys.map(
        ({ accessKeyId, isActive }) =>
          `${accessKeyId} (${isActive ? 'active' : 'inactive'}${accessKeyId === plan.currentId ? ', in the store' : ''})`,
      );
      const other = plan.keys.find(({ accessKeyId }) => accessKeyId !== plan.currentId)?.accessKeyId ?? 'KEY';
      throw refused(
        subject.name,
        `${subject.userArn} has two access keys already, and IAM allows no third: ${keys.join(' and ')}`,
        `if nobody uses it: \`aws iam delete-access-key --user-name ${shellWord(subject.userName)} --access-key-id ${other}\``,
      );
    }
    default:
      return plan satisfies never;
  }
}

function graceLinesBefore(plan: Extract<RotationPlan, { kind: 'grace' }>, asked: Asked, clock: Clock): readonly string[] {
  const { options, profile, subject } = asked;
  const { deleteAt, oldId } = plan;
  if (deleteAt === undefined && !options.deletes) return [`the old key ${oldId} is inactive; its grace period begins now`];
  const isOver = deleteAt !== undefined && deleteAt <= clock.now();
  if (!isOver && !(options.deletes && options.isFinish)) {
    const until = deleteAt === undefined ? '' : ` until ${localMinute(clock.toLocal(deleteAt))}`;
    throw refused(
      subject.name,
      `the key before, ${oldId}, is kept${until}${options.isFinish ? '' : ', and IAM allows no third'}`,
      `\`rolekeeper rotate ${shellWord(profile)} --finish --delete\` deletes it now`,
    );
  }
  const next = options.isFinish
    ? []
    : [`then a new one will take the place of ${plan.newId}, which will be ${afterwards(asked)}`];
  return [`the old key ${oldId} of ${subject.userArn} will be deleted`, ...next];
}

/** Of the old key. */
function afterwards({ options: { deletes }, graceMs }: Asked): string {
  return deletes ? 'deleted at once' : `made inactive at once, and deleted after ${days(graceMs / dayMs)}`;
}

/** Of the old key, once it is inactive. */
export function graceLines(
  oldId: string,
  { deleteAt, profile }: { readonly deleteAt: number; readonly profile: ProfileName },
  clock: Clock,
): readonly string[] {
  return [
    `the old key ${oldId} is inactive, and deleted after ${localMinute(clock.toLocal(deleteAt))}; at once by \`rolekeeper rotate ${shellWord(profile)} --finish --delete\``,
  ];
}

/** Who else will miss the key that is replaced. */
export function warningLines(plan: RotationPlan, { keys, hops, profile }: Recipe): readonly string[] {
  const plaintext = keys?.plaintext;
  const ids: readonly string[] =
    'oldId' in plan && plan.kind !== 'restore' ? [plan.oldId, ...(plan.kind === 'grace' ? [plan.newId] : [])] : [];
  return [
    ...(plaintext !== undefined && ids.includes(plaintext.accessKeyId)
      ? [`the old key is in plaintext in ${plaintext.path}:${plaintext.line} as well, where it will not work any more`]
      : []),
    ...(hops.length === 0
      ? [`programs that "${profile}" gave the keys themselves to must be started again: it has no session`]
      : []),
  ];
}

function days(number: number): string {
  return `${number} ${number === 1 ? 'day' : 'days'}`;
}

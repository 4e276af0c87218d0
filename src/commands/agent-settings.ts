// The agent's settings as the person wrote them, made into numbers, or refused.

import { AppError } from '../errors.ts';
import type { AgentSettingTexts } from '../wiring.ts';

const defaultIdleMinutes = 30;
const defaultUnusedDays = 3;

/** Throws `usage` for a value that says nothing. */
export function checkedSettings({ idleMinutes, unusedDays, notify }: AgentSettingTexts) {
  return {
    notifying: notifyMode(notify),
    idleMs: positive(idleMinutes, 'idle_minutes', defaultIdleMinutes) * 60_000,
    unusedMs: positive(unusedDays, 'unused_days', defaultUnusedDays) * 86_400_000,
  };
}

function notifyMode(text: string | undefined): 'off' | 'day' | 'always' {
  switch (text) {
    case undefined:
    case '':
    case 'day':
      return 'day';
    case 'off':
    case 'always':
      return text;
    default:
      throw new AppError('usage', {
        problem: `notify says ${JSON.stringify(text.slice(0, 40))}`,
        hint: 'say `off`, `day` or `always`',
      });
  }
}

function positive(text: string | undefined, key: string, usual: number): number {
  if (text === undefined || text === '') return usual;
  const number = Number(text);
  if (Number.isFinite(number) && number > 0) return number;
  throw new AppError('usage', { problem: `${key} says ${JSON.stringify(text.slice(0, 40))}, which is no positive number` });
}

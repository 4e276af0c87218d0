// What the person set for work in the background: the agent's, and that of `refresh --due`.

import { AppError } from '../errors.ts';
import type { AgentSettingTexts } from '../wiring.ts';

export interface BackgroundSettings {
  /** The agent leaves when nobody asked for so long. */
  readonly idleMs: number;
  /** What nobody asked for is kept fresh so long. */
  readonly unusedMs: number;
  /** Notifications: none, none at night, all. */
  readonly notify: 'off' | 'day' | 'always';
}

const defaultIdleMinutes = 30;
const defaultUnusedDays = 3;

/** Throws `usage` for what makes no sense. */
export function backgroundSettings({ idleMinutes, unusedDays, notify }: AgentSettingTexts): BackgroundSettings {
  return {
    idleMs: positive(idleMinutes, 'idle_minutes', defaultIdleMinutes) * 60_000,
    unusedMs: positive(unusedDays, 'unused_days', defaultUnusedDays) * 86_400_000,
    notify: notifyMode(notify),
  };
}

function notifyMode(text: string | undefined): BackgroundSettings['notify'] {
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

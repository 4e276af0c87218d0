// Finds a way to ask the person who stands behind a `get`: the first that is there, or the one that was chosen. Each way is a file of its own.

import { AppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';
import type { PromptAnswer, Prompter } from '../ports/person.ts';

export interface PromptPlace {
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  /** One way only: `ROLEKEEPER_PROMPT`, else `prompt` of `[rolekeeper]`. */
  readonly chosen: string | undefined;
}

export type Ask = (question: string, signal: AbortSignal) => Promise<PromptAnswer>;

/** `nobody` of one way leads to the next. Throws `usage` for a way that there is not. */
export function createPrompter(place: PromptPlace): Prompter {
  return {
    askHidden: async (question, signal) => {
      for (const name of namesFor(place)) {
        const answer = await (await ways[name](place.env))(question, signal);
        if (answer.kind !== 'nobody') return answer;
      }
      return { kind: 'nobody' };
    },
  };
}

const ways = {
  tty: async () => (await import('./tty-prompt.ts')).askOnTerminal,
  pinentry: async (env) => (await import('./pinentry.ts')).pinentryIn(env),
  zenity: async (env) => (await import('./dialog-prompt.ts')).dialogIn('zenity', env),
  kdialog: async (env) => (await import('./dialog-prompt.ts')).dialogIn('kdialog', env),
  osascript: async (env) => (await import('./dialog-prompt.ts')).dialogIn('osascript', env),
  powershell: async (env) => (await import('./dialog-prompt.ts')).dialogIn('powershell', env),
} satisfies Readonly<Record<string, (env: Environment) => Promise<Ask>>>;

type WayName = keyof typeof ways;

function namesFor({ platform, chosen }: PromptPlace): readonly WayName[] {
  if (!chosen) return platform === 'win32' ? ['powershell'] : platform === 'darwin' ? ofMac : ofDesktops;
  if (isWayName(chosen)) return [chosen];
  const hint = `one of ${Object.keys(ways).join(', ')}`;
  throw new AppError('usage', { problem: `"${chosen}" is no way to ask (ROLEKEEPER_PROMPT, prompt in [rolekeeper])`, hint });
}

const ofDesktops = ['tty', 'pinentry', 'zenity', 'kdialog'] as const;
const ofMac = ['tty', 'pinentry', 'osascript'] as const;

function isWayName(name: string): name is WayName {
  return Object.hasOwn(ways, name);
}

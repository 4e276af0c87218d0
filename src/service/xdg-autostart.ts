// The service where no systemd runs: an entry that desktops start at login (XDG Desktop Application Autostart Specification). Pure.

import { join } from 'node:path/posix';
import { AppError } from '../errors.ts';
import { shellWord } from '../shell-word.ts';
import { carriedEnvironment, refuseControls } from './carried-environment.ts';
import { fillTemplate } from './fill-template.ts';
import type { ServiceMode, ServicePlace, ServicePlan } from './service-plan.ts';
import { templates } from './templates.ts';

/** Throws `usage` for a timer, which nothing here could run, and for paths that no entry can hold. */
export function planAutostart(mode: ServiceMode, place: ServicePlace): ServicePlan {
  const { env, home, program } = place;
  if (mode === 'timer') throw noTimer(program);
  const configHome = env['XDG_CONFIG_HOME'];
  const directory = configHome?.startsWith('/') ? configHome : join(home, '.config');
  const carried = carriedEnvironment(env);
  const variables = carried.variables.map(([name, value]) => `${name}=${value}`);
  const command = [...program, 'agent', 'run'] as const;
  const words = variables.length === 0 ? command : ['/usr/bin/env', ...variables, ...command];
  return {
    kind: 'xdg-autostart',
    mode,
    files: [
      {
        path: join(directory, 'autostart', 'rolekeeper-agent.desktop'),
        text: fillTemplate(templates.autostartEntry, { exec: execValue(words) }),
        encoding: 'utf-8',
      },
    ],
    traces: [],
    start: [{ words: command, isDetached: true }],
    verify: [],
    stop: [],
    settle: [],
    notes: [
      ...carried.notes,
      'no user manager of systemd answers here, so your desktop starts the agent at login; without a desktop, the first `get` that needs it does',
    ],
    whereToLook: `${program.map(shellWord).join(' ')} --debug agent run`,
  };
}

/** Desktop Entry Specification, "The Exec key": words in quotes, `%` doubled, and the backslashes once more for the string itself. */
export function execValue(words: readonly string[]): string {
  return words
    .map((word) => {
      const text = refuseControls(word, 'a path').replaceAll('%', '%%');
      if (/^[\w\-./%:=@+,]+$/.test(text)) return text;
      return `"${text.replace(/["`$\\]/g, '\\$&')}"`.replaceAll('\\', '\\\\');
    })
    .join(' ');
}

function noTimer(program: readonly string[]): AppError {
  return new AppError('usage', {
    problem: 'there is no timer to be had here: no user manager of systemd answers',
    hint: `leave --timer away, or put this line into \`crontab -e\`: */5 * * * * ${program.map(shellWord).join(' ')} refresh --due --quiet`,
  });
}

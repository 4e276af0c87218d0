// The service as a task of Windows' Task Scheduler: at logon and unlock, or every five minutes. Pure. Not run on Windows yet.

import { join } from 'node:path/win32';
import { AppError } from '../errors.ts';
import type { ServiceCommand } from '../ports/service.ts';
import { carriedEnvironment } from './carried-environment.ts';
import { fillTemplate } from './fill-template.ts';
import { mayFail, type ServiceMode, type ServicePlace, type ServicePlan, type ServiceRemoval } from './service-plan.ts';
import { templates } from './templates.ts';
import { xmlText } from './xml-text.ts';

/** Throws `usage` for paths that no task can hold. */
export function planTask(mode: ServiceMode, place: ServicePlace): ServicePlan {
  const { env, program, stateDirectory } = place;
  const task = taskName(mode);
  const path = join(stateDirectory, `${task}.xml`);
  const words = [...program, ...(mode === 'agent' ? ['agent', 'run'] : ['refresh', '--due', '--quiet'])];
  const text = fillTemplate(mode === 'agent' ? templates.agentTask : templates.refreshTask, {
    user: xmlText(userName(place)),
    // node.exe is a console program: a task of the logged-in user shows its window, `Hidden` or not. This host draws none.
    command: xmlText(join(env['SystemRoot'] || 'C:\\Windows', 'System32', 'conhost.exe')),
    arguments: xmlText(['--headless', ...words].map(argument).join(' ')),
  });
  return {
    ...taskRemoval(mode),
    kind: 'task-scheduler',
    mode,
    // As the Task Scheduler itself writes them.
    files: [{ path, text, encoding: 'utf-16' }],
    start: [
      mayFail(schtasks('/End', '/TN', task)),
      schtasks('/Create', '/TN', task, '/XML', path, '/F'),
      schtasks('/Run', '/TN', task),
    ],
    verify: [schtasks('/Query', '/TN', task)],
    notes: carriedEnvironment(env).variables.map(
      ([name]) => `the task sees ${name} only if it is set for good: \`setx ${name} ...\``,
    ),
    whereToLook: `schtasks /Query /V /FO LIST /TN ${task}`,
  };
}

export function taskRemoval(mode: ServiceMode): ServiceRemoval {
  const task = taskName(mode);
  return {
    stop: [mayFail(schtasks('/End', '/TN', task)), mayFail(schtasks('/Delete', '/TN', task, '/F'))],
    traces: [],
    settle: [],
  };
}

export function taskName(mode: ServiceMode): string {
  return mode === 'agent' ? 'rolekeeper-agent' : 'rolekeeper-refresh';
}

/** Without a user in its triggers a task would run for everybody, which only an administrator may ask for. */
function userName({ env }: ServicePlace): string {
  const [domain, name] = [env['USERDOMAIN'], env['USERNAME']];
  if (name === undefined || name === '')
    throw new AppError('usage', { problem: 'USERNAME is not set', hint: 'run it in your own session' });
  return domain === undefined || domain === '' ? name : `${domain}\\${name}`;
}

/**
 * One argument as CommandLineToArgvW takes it apart: backslashes count only before a quote. Throws `usage` for `%`, which the Task
 * Scheduler would take for a variable.
 */
export function argument(word: string): string {
  if (word.includes('%')) throw new AppError('usage', { problem: `${JSON.stringify(word)}: a task cannot hold a path with %` });
  if (/^[\w\-./\\:=@+,]+$/.test(word)) return word;
  return `"${word.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`;
}

function schtasks(...args: readonly string[]): ServiceCommand {
  return { words: ['schtasks', ...args] };
}

// The service as a LaunchAgent of macOS: the agent, or a refresh every five minutes. Pure. Not run on a Mac yet.

import { join } from 'node:path/posix';
import type { ServiceCommand } from '../ports/service.ts';
import { carriedEnvironment } from './carried-environment.ts';
import { fillTemplate } from './fill-template.ts';
import { mayFail, type ServiceMode, type ServicePlace, type ServicePlan, type ServiceRemoval } from './service-plan.ts';
import { templates } from './templates.ts';
import { xmlText } from './xml-text.ts';

/** Throws `usage` for paths that no property list can hold. */
export function planLaunchd(mode: ServiceMode, place: ServicePlace): ServicePlan {
  const label = labelOf(mode);
  const path = join(place.home, 'Library', 'LaunchAgents', `${label}.plist`);
  const domain = domainOf(place.uid);
  const target = launchdTarget(mode, place.uid);
  const carried = carriedEnvironment(place.env);
  const words = [...place.program, ...(mode === 'agent' ? ['agent', 'run'] : ['refresh', '--due', '--quiet'])];
  const common = {
    arguments: words.map((word) => `\t\t<string>${xmlText(word)}</string>`).join('\n'),
    environment: carried.variables.map(([name, value]) => entry(name, `<string>${xmlText(value)}</string>`)).join('\n'),
  };
  const text =
    mode === 'agent'
      ? fillTemplate(templates.agentPlist, common)
      : fillTemplate(templates.refreshPlist, { ...common, calendar: everyFiveMinutes() });
  return {
    ...launchdRemoval(mode, place.uid),
    kind: 'launchd',
    mode,
    files: [{ path, text, encoding: 'utf-8' }],
    // `bootstrap` refuses what is loaded already, and what was once disabled.
    start: [
      mayFail(launchctl('bootout', target)),
      launchctl('enable', target),
      launchctl('bootstrap', domain, path),
      launchctl('kickstart', target),
    ],
    verify: [launchctl('print', target)],
    notes: [...carried.notes, `the ${mode === 'agent' ? 'agent' : 'timer'} runs while you are logged in at the screen`],
    whereToLook: `launchctl print ${target}`,
  };
}

export function launchdRemoval(mode: ServiceMode, uid: number | undefined): ServiceRemoval {
  return { stop: [mayFail(launchctl('bootout', launchdTarget(mode, uid)))], traces: [], settle: [] };
}

/** By which launchctl knows it. */
export function launchdTarget(mode: ServiceMode, uid: number | undefined): string {
  return `${domainOf(uid)}/${labelOf(mode)}`;
}

function labelOf(mode: ServiceMode): string {
  return mode === 'agent' ? 'rolekeeper.agent' : 'rolekeeper.refresh';
}

function domainOf(uid: number | undefined): string {
  return `gui/${uid ?? ''}`;
}

// Missed runs of StartCalendarInterval are made up for, once, after sleep; those of StartInterval are lost (launchd.plist(5)).
function everyFiveMinutes(): string {
  const minutes = Array.from({ length: 12 }, (_, index) => index * 5);
  return minutes.map((minute) => `\t\t<dict>\n${entry('Minute', `<integer>${minute}</integer>`)}\n\t\t</dict>`).join('\n');
}

function entry(key: string, value: string): string {
  return `\t\t<key>${xmlText(key)}</key>\n\t\t${value}`;
}

function launchctl(...args: readonly string[]): ServiceCommand {
  return { words: ['launchctl', ...args] };
}

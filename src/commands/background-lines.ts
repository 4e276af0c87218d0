// Agent and service in lines of the status, for a person.

import type { ServiceKind, ServiceMode } from '../service/service-plan.ts';
import type { AgentSummary, BackgroundSummary, ServiceSummary } from './background-status.ts';

/** `times` shows a moment of AWS's clock. */
export function backgroundLines({ agent, service }: BackgroundSummary, times: (at: string) => string): readonly string[] {
  return [
    `Agent: ${[agentWords(agent, service, times), agent.problem ?? []].flat().join('; ')}`,
    ...hintLines(agent),
    `Service: ${[serviceWords(service, times), service.problem ?? []].flat().join('; ')}`,
    ...hintLines(service),
  ];
}

function hintLines({ hint }: { readonly hint?: string }): readonly string[] {
  return hint === undefined ? [] : [`  hint: ${hint}`];
}

function agentWords(agent: AgentSummary, service: ServiceSummary, times: (at: string) => string): string {
  const { running, pid, startedAt, kept, nextRefreshAt } = agent;
  if (!running) {
    const isReady = service.kind === 'systemd' && service.mode === 'agent' && service.running === true;
    return isReady ? 'started by the next program that asks' : 'not running';
  }
  return [
    `running${startedAt === undefined ? '' : ` since ${times(startedAt)}`}${pid === undefined ? '' : ` (process ${pid})`}`,
    ...(kept === undefined ? [] : [`keeps ${kept} fresh`]),
    ...(nextRefreshAt === undefined ? [] : [`next refresh ${times(nextRefreshAt)}`]),
  ].join(', ');
}

function serviceWords(
  { installed, kind, mode, running, lastRefreshAt, nextRefreshAt }: ServiceSummary,
  times: (at: string) => string,
) {
  if (!installed) return 'not installed (`rolekeeper install`)';
  if (kind === undefined || mode === undefined) return 'installed';
  return [
    kindWords(kind, mode),
    ...(running === undefined ? [] : [running ? 'running' : 'not running']),
    ...(lastRefreshAt === undefined ? [] : [`last refresh ${times(lastRefreshAt)}`]),
    // With an agent, it is on the agent's own line.
    ...(nextRefreshAt === undefined || mode === 'agent' ? [] : [`next ${times(nextRefreshAt)}`]),
  ].join(', ');
}

function kindWords(kind: ServiceKind, mode: ServiceMode): string {
  const by = {
    systemd: 'systemd',
    launchd: 'launchd',
    'task-scheduler': 'Task Scheduler',
    'xdg-autostart': 'autostart',
  } as const;
  return `${by[kind]} ${mode}`;
}

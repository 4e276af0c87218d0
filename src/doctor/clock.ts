// Whether the local clock is off, by what STS's Date header last said. Pure.

import type { Finding } from './finding.ts';

/** AWS refuses signatures that are five minutes off; programs lose their margin long before. */
const mostMs = 60_000;

const commands: Readonly<Record<string, string>> = {
  darwin: 'sudo sntp -sS time.apple.com',
  win32: 'w32tm /resync',
};

/** `aheadMs` is the local clock less AWS's. */
export function checkClock(aheadMs: number, platform: string): readonly Finding[] {
  if (Math.abs(aheadMs) < mostMs) return [];
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  return [
    {
      check: 'clock',
      what: `the clock of this machine is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} AWS's`,
      why: 'rolekeeper allows for it, but AWS refuses what other programs sign once it is five minutes off',
      mend: commands[platform] ?? 'sudo timedatectl set-ntp true',
    },
  ];
}

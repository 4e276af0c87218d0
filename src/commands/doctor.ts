// `rolekeeper doctor`: what is wrong on this machine, why it matters, and the command that mends it. `--fix` does only what nobody can miss.

import { setSetting } from '../config/config-edit.ts';
import { isKeyId, parseAccount } from '../config/names.ts';
import { processKey } from '../config/role-pair.ts';
import type { Finding, Fix } from '../doctor/finding.ts';
import { AppError, isAppError } from '../errors.ts';
import type { Wiring } from '../wiring.ts';
import { alone, readTexts, writeTexts } from './config-texts.ts';
import { examine } from './doctor-examine.ts';
import type { Examined } from './doctor-look.ts';
import { forgetItems } from './forget-items.ts';
import { writeStderr } from './report.ts';
import { writeStdout } from './stdout.ts';
import { tellAgentToForget } from './tell-agent.ts';
import { textTable } from './text-table.ts';

export interface DoctorOptions {
  readonly isJson: boolean;
  readonly isFixing: boolean;
  readonly isOnline: boolean;
  /** This program's. */
  readonly version: string;
}

/** Goes to stdout. Throws `faults-found`, status 8, where something is left to be mended. */
export async function doctor({ isJson, isFixing, isOnline, version }: DoctorOptions, wiring: Wiring): Promise<void> {
  const checks = await examine({ isOnline, version }, wiring);
  const all = checks.flatMap(({ findings }) => findings);
  const fixed = isFixing ? await fixAll(all, wiring) : [];
  const findings = all.filter((finding) => !fixed.includes(finding));
  writeStdout(
    isJson ? `${JSON.stringify(documentOf(checks, { findings, fixed }), undefined, 2)}\n` : inWords(checks, { findings, fixed }),
  );
  const fixable = isFixing ? 0 : findings.filter(({ fix }) => fix !== undefined).length;
  if (findings.length > 0) throw new AppError('faults-found', { count: findings.length, fixable });
}

interface Outcome {
  /** What is left. */
  readonly findings: readonly Finding[];
  readonly fixed: readonly Finding[];
}

/** Returns what was mended. A fix that fails stays a finding, and its failure is said. */
async function fixAll(findings: readonly Finding[], wiring: Wiring): Promise<readonly Finding[]> {
  const fixed: Finding[] = [];
  for (const finding of findings) {
    if (finding.fix === undefined) continue;
    try {
      await applyFix(finding.fix, wiring);
      fixed.push(finding);
    } catch (error) {
      if (!isAppError(error)) throw error;
      writeStderr([`rolekeeper: ${error.message}`]);
    }
  }
  if (fixed.some(({ fix }) => fix?.kind === 'forget' || fix?.kind === 'line')) await tellAgentToForget(wiring);
  return fixed;
}

async function applyFix(fix: Fix, wiring: Wiring): Promise<void> {
  switch (fix.kind) {
    case 'mode':
      return (await wiring.openInspector()).setMode(fix.path, fix.mode);
    case 'line':
      return await setLine(fix, wiring);
    case 'forget':
      return await forget(fix.account, wiring);
    default:
      return fix satisfies never;
  }
}

async function setLine({ profile, value }: Extract<Fix, { kind: 'line' }>, wiring: Wiring): Promise<void> {
  await alone(wiring, () => {
    const before = readTexts(wiring);
    const section = { type: 'profile', name: profile } as const;
    writeTexts(before, { ...before, config: setSetting(before.config, wiring.configPath, section, processKey, value) }, wiring);
  });
}

const storeDeadlineMs = 5_000;

async function forget(text: string, wiring: Wiring): Promise<void> {
  const account = parseAccount(text);
  const id = text.split('/')[1] ?? '';
  if (account === undefined || !isKeyId(id)) return;
  const store = await wiring.openStore({ deadlineMs: storeDeadlineMs, prompts: 'never' });
  try {
    const { state, clock } = wiring;
    const ports = { store, state, clock, lock: await wiring.openLock(), say: (line: string) => writeStderr([line]) };
    await forgetItems([{ id, account }], ports);
  } finally {
    await store.close();
  }
}

function documentOf(checks: readonly Examined[], { findings, fixed }: Outcome) {
  return {
    v: 1,
    sound: findings.length === 0,
    checks: checks.map(({ name, says, isSkipped, findings: its }) => ({
      name,
      ...(says === undefined ? {} : { says }),
      ...(isSkipped ? { skipped: true } : {}),
      faults: its.filter((finding) => !fixed.includes(finding)).length,
    })),
    findings: findings.map(publicFinding),
    fixed: fixed.map(publicFinding),
  };
}

function publicFinding({ fix, ...finding }: Finding) {
  return { ...finding, fixable: fix !== undefined };
}

function inWords(checks: readonly Examined[], { findings, fixed }: Outcome): string {
  const rows = checks.map(({ name, says, isSkipped, findings: its }) => [
    name.replaceAll('-', ' '),
    isSkipped ? 'skipped' : faultsInWords(its.filter((finding) => !fixed.includes(finding)).length),
    says ?? '',
  ]);
  return [
    ...textTable(rows),
    ...fixed.map(({ what }) => `mended: ${what}`),
    ...findings.flatMap(({ what, why, mend }, index) => ['', `${index + 1}. ${what}`, `   why:  ${why}`, `   mend: ${mend}`]),
    ...(findings.length === 0 ? ['Nothing is wrong.'] : []),
    '',
  ].join('\n');
}

function faultsInWords(count: number): string {
  if (count === 0) return 'ok';
  return count === 1 ? '1 fault' : `${count} faults`;
}

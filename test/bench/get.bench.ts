// What a cached `get` costs, in paired runs: each pair runs both sides back to back, in turn first and second, so that a busy machine
// weighs on both. Ratios are to be trusted, milliseconds less so.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { startSessionBus } from '../harness/session-bus.ts';
import { openUsualWorld, program, roleArn, succeed, type World } from '../harness/world.ts';

interface Side {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

interface Measured {
  readonly name: string;
  readonly medianMs: number;
  readonly minMs: number;
}

const pairs = Number(process.argv[process.argv.indexOf('--pairs') + 1]) || 30;

const bus = await startSessionBus();
const world = await openUsualWorld({ keychainEnv: bus.env });
try {
  await succeed(world.rolekeeper(['get', 'dev']));
  const empty: Side = { name: 'node -e 0', command: process.execPath, args: ['-e', '0'] };
  const cached: Side = { name: 'get dev, keychain, no agent', command: program, args: ['get', 'dev'] };
  report('target: at most 1.5', compare(empty, cached));
  const crowd = crowdedConfig(world);
  report(
    'target: at most 1.1',
    compare(cached, { ...cached, name: 'the same with 1,000 profiles', env: { AWS_CONFIG_FILE: crowd } }),
  );
  const certificates = process.env['NODE_EXTRA_CA_CERTS'];
  if (certificates !== undefined) {
    // Node reads these at every start, which is no cost of ours; on such a machine it is part of every caller's day all the same.
    const env = { NODE_EXTRA_CA_CERTS: certificates };
    report('target: at most 1.5, with the NODE_EXTRA_CA_CERTS of this machine', compare({ ...empty, env }, { ...cached, env }));
  }
} finally {
  await world.close();
  await bus.stop();
}

/** The usual config, and a thousand role profiles before it. */
function crowdedConfig(target: World): string {
  const usual = target.readConfig();
  const others = Array.from(
    { length: 1_000 },
    (_, n) => `[profile role-${n}]\nregion = eu-west-1\nrole_arn = ${roleArn(`Role${n}`)}\nsource_profile = corp\n\n`,
  );
  const path = join(target.home, 'crowded-config');
  writeFileSync(path, others.join('') + usual);
  return path;
}

function compare(left: Side, right: Side): { readonly left: Measured; readonly right: Measured; readonly ratio: number } {
  const times = { left: [0], right: [0] };
  times.left.length = 0;
  times.right.length = 0;
  for (let n = 0; n < pairs + 3; n++) {
    const order = n % 2 === 0 ? (['left', 'right'] as const) : (['right', 'left'] as const);
    const round = order.map((which) => [which, timed(which === 'left' ? left : right)] as const);
    // The first rounds warm the disk cache and the keychain.
    if (n >= 3) for (const [which, ms] of round) times[which].push(ms);
  }
  const ratios = times.left.map((ms, n) => (times.right[n] ?? 0) / ms);
  return { left: measured(left.name, times.left), right: measured(right.name, times.right), ratio: median(ratios) };
}

function timed({ command, args, env }: Side): number {
  const startedAt = performance.now();
  const { status, stderr } = spawnSync(command, args, { env: { ...world.env, ...env }, encoding: 'utf8' });
  const ms = performance.now() - startedAt;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return ms;
}

function measured(name: string, times: readonly number[]): Measured {
  return { name, medianMs: median(times), minMs: Math.min(...times) };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function report(target: string, { left, right, ratio }: ReturnType<typeof compare>): void {
  const words = ({ name, medianMs, minMs }: Measured) => `${name}: median ${medianMs.toFixed(1)} ms, best ${minMs.toFixed(1)} ms`;
  process.stdout.write(`${words(left)}\n${words(right)}\n  ratio, median of ${pairs} pairs: ${ratio.toFixed(2)} (${target})\n\n`);
}

// AWS throttles, fails, hangs, is slow, and lies.

import type { Fault } from '../../../src/sandbox/sts-double-faults.ts';
import type { BeginFault } from '../scene.ts';

const lies: readonly Fault[] = [
  { kind: 'garbage' },
  { kind: 'html' },
  { kind: 'html', status: 502 },
  { kind: 'empty' },
  { kind: 'truncated' },
  { kind: 'reset' },
  { kind: 'drip' },
  { kind: 'flood' },
  { kind: 'redirect', location: 'http://127.0.0.1:1/' },
  { kind: 'edit', from: '<Expiration>', to: '<Expiration>some day' },
  { kind: 'edit', from: 'SessionToken', to: 'Token' },
  { kind: 'edit', from: 'SecretAccessKey>', to: 'Secret>' },
];

export const throttling: BeginFault = (scene) => begin(scene, { kind: 'throttle' });

export const failing: BeginFault = (scene) =>
  begin(scene, { kind: 'unavailable', status: scene.random.pick([500, 503] as const) });

export const hanging: BeginFault = (scene) => begin(scene, { kind: 'hang' });

export const slow: BeginFault = (scene) => begin(scene, { kind: 'slow', ms: scene.random.between(300, 2_500) });

export const lying: BeginFault = (scene) => begin(scene, scene.random.pick(lies));

const begin = async ({ chaos }: Parameters<BeginFault>[0], fault: Fault) => {
  chaos.world.sts.fault(fault);
  return { what: JSON.stringify(fault), end: async () => chaos.world.sts.clearFaults() };
};

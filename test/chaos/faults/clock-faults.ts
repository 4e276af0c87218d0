// The local clock is set, AWS's clock is off, the machine sleeps.

import type { BeginFault, Scene } from '../scene.ts';

const minute = 60_000;

export const turned: BeginFault = async ({ chaos: { clock }, random }) => {
  const byMs = byWhat(random);
  clock.turn(byMs);
  return { what: `${byMs / 1_000} s`, end: async () => clock.turn(-byMs) };
};

export const doubleMoved: BeginFault = async ({ chaos: { clock }, random }) => {
  const byMs = byWhat(random);
  clock.moveDouble(byMs);
  return { what: `${byMs / 1_000} s`, end: async () => clock.moveDouble(-byMs) };
};

export const asleep: BeginFault = async ({ chaos: { clock }, random }) => {
  const ms = random.between(1, 70) * minute;
  clock.pass(ms);
  return { what: `${ms / minute} min`, end: async () => undefined };
};

function byWhat(random: Scene['random']): number {
  return random.pick([-1, 1]) * random.between(20_000, 90 * minute);
}

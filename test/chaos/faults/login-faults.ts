// The day's login ends, by a person or by the clock.

import type { BeginFault } from '../scene.ts';

const hour = 3_600_000;

export const loggedOut: BeginFault = async ({ chaos }) => {
  const { status } = await chaos.run(['logout', '--all']).ended;
  return { what: `logout ended with ${status ?? 'a signal'}`, needsLogin: true, end: async () => undefined };
};

export const sessionOver: BeginFault = async ({ chaos }) => {
  chaos.clock.pass(12 * hour + 60_000);
  return { what: 'twelve hours passed', needsLogin: true, end: async () => undefined };
};

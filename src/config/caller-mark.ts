// The mark in the environment of programs that rolekeeper runs, so that none can lead back to it for the same profile for ever. Pure.

const variable = 'ROLEKEEPER_CALLER';

/** The variable for a child that is run for this profile, on top of the marks that are there. */
export function callerMark(profile: string, env: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const before = env[variable];
  return { [variable]: before === undefined ? profile : `${before}\n${profile}` };
}

/** True in a process that was started, over whatever others, by a command that answers for one of these very profiles. */
export function leadsBack(profiles: readonly string[], env: Readonly<Record<string, string | undefined>>): boolean {
  return env[variable]?.split('\n').some((mark) => profiles.includes(mark)) ?? false;
}

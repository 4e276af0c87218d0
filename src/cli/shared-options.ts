// Options and arguments that several commands take.

export const profileArgument = { type: 'string', demandOption: true, describe: 'a profile of ~/.aws/config' } as const;
export const optionalProfile = { type: 'string', describe: 'a profile of ~/.aws/config' } as const;
const noProfiles: string[] = [];
export const namedProfiles = { type: 'string', array: true, default: noProfiles, describe: 'profiles of ~/.aws/config' } as const;
export const yes = { type: 'boolean', default: false, describe: 'ask nothing' } as const;
export const dryRun = { type: 'boolean', default: false, describe: 'show the changes as a diff and make none' } as const;
export const keysName = { type: 'string', describe: 'name of the keys in the store, if not the name of the profile' } as const;
export const ssoSession = {
  type: 'string',
  describe: 'an sso-session section of ~/.aws/config, instead of a profile',
} as const;

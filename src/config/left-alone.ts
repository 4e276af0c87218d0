// Ordinary profiles that `adopt --all` passes over since they are no roles, and that give credentials all the same: what can be done with
// each, in words. Pure.

import { type AwsFile, findSection, sectionNames } from './aws-config.ts';
import { isProfileName } from './names.ts';
import { ownProfile } from './profile-settings.ts';

/** One line for each, in file order. Those with a recipe are on rolekeeper already; access keys have `import`. */
export function leftAloneLines(config: AwsFile): readonly string[] {
  const names = sectionNames(config, 'profile').filter(isProfileName);
  return names.flatMap((name) => {
    const settings = findSection(config, 'profile', name)?.settings;
    if (settings === undefined || settings.has('role_arn') || findSection(config, 'rolekeeper', name) !== undefined) return [];
    const command = settings.get('credential_process')?.value;
    if (command !== undefined) return ownProfile(command) === undefined ? [processLine(name, command)] : [];
    return settings.has('login_session') ? [`"${name}" stays a console sign-in: ${sourceWords}`] : [];
  });
}

const sourceWords = 'roles that have it as their source_profile are adopted';

function processLine(name: string, command: string): string {
  if (/(^|[/\\])aws_signing_helper(\.exe)?["']?\s+credential-process\b/.test(command)) {
    return `"${name}" goes on running aws_signing_helper. rolekeeper needs no helper: write its options into [rolekeeper ${name}], by the names in rolekeeper-config(5), CERTIFICATE KEYS`;
  }
  return `"${name}" goes on running another program: ${sourceWords}. To have what it gives kept as well, write its credential_process into [rolekeeper ${name}]`;
}

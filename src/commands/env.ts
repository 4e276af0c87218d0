// `rolekeeper env PROFILE`: the credentials as lines that a shell can evaluate.

import type { Wiring } from '../wiring.ts';
import { credentialVariables, obtainForPerson, type Variable } from './person-credentials.ts';
import type { Shell } from './shells.ts';
import { writeStdout } from './stdout.ts';

export async function printEnv(profile: string, shell: Shell, wiring: Wiring): Promise<void> {
  const variables = credentialVariables(await obtainForPerson(profile, 'env', wiring));
  writeStdout(variables.map((variable) => `${lineFor(variable, shell)}\n`).join(''));
}

function lineFor(variable: Variable, shell: Shell): string {
  const { name, value } = variable;
  return value === undefined ? unsetLine(variable, shell) : setLine(name, value.reveal(), shell);
}

function setLine(name: string, text: string, shell: Shell): string {
  switch (shell) {
    case 'sh':
    case 'bash':
    case 'zsh':
      return `export ${name}='${text.replaceAll("'", "'\\''")}'`;
    case 'fish':
      return `set -gx ${name} '${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
    case 'powershell':
      return `$Env:${name} = '${text.replaceAll("'", "''")}'`;
    case 'dotenv':
      return `${name}=${text}`;
    default:
      return shell satisfies never;
  }
}

function unsetLine({ name, isNeverEmpty = false }: Variable, shell: Shell): string {
  switch (shell) {
    case 'sh':
    case 'bash':
    case 'zsh':
      return `unset ${name}`;
    case 'fish':
      return `set -e ${name}`;
    case 'powershell':
      return `Remove-Item Env:${name} -ErrorAction SilentlyContinue`;
    case 'dotenv':
      // The format can take nothing away; botocore and the SDKs take an empty variable as absent, but for a profile's name.
      if (isNeverEmpty) return `# ${name} must not be set beside these`;
      return `# empty on purpose: these credentials have none\n${name}=`;
    default:
      return shell satisfies never;
  }
}

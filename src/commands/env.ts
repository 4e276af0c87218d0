// `rolekeeper env PROFILE`: the credentials as lines that a shell can evaluate.

import type { Wiring } from '../wiring.ts';
import { credentialVariables, obtainForPerson, type Variable } from './person-credentials.ts';
import type { Shell } from './shells.ts';
import { writeStdout } from './stdout.ts';

export async function printEnv(profile: string, shell: Shell, wiring: Wiring): Promise<void> {
  const variables = credentialVariables(await obtainForPerson(profile, wiring));
  writeStdout(variables.map((variable) => `${lineFor(variable, shell)}\n`).join(''));
}

function lineFor({ name, value }: Variable, shell: Shell): string {
  const text = value.reveal();
  switch (shell) {
    case 'sh':
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

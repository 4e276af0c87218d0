// `rolekeeper sso accounts`: which accounts and roles a person has in IAM Identity Center, and which profiles there are for them.

import { printable } from '../errors.ts';
import type { Wiring } from '../wiring.ts';
import { askPortal, type PortalQuestion, profilesOfRoles } from './portal-roles.ts';
import { writeStdout } from './stdout.ts';
import { textTable } from './text-table.ts';

/** Goes to stdout. Throws what `askPortal` throws. */
export async function ssoAccounts(question: PortalQuestion, isJson: boolean, wiring: Wiring): Promise<void> {
  const answer = await askPortal(question, wiring);
  const profiles = profilesOfRoles(answer, wiring.readConfig(), wiring);
  const rows = answer.roles.map((role) => {
    const { accountId, name: accountName, email } = role.account;
    return { accountId, accountName, email, roleName: role.roleName, profile: profiles.get(role) };
  });
  if (isJson) return writeStdout(`${JSON.stringify({ v: 1, roles: rows }, undefined, 2)}\n`);
  const head = ['ACCOUNT', 'NAME', 'ROLE', 'PROFILE'];
  const lines = rows.map(({ accountId, accountName, roleName, profile }) => [
    accountId,
    printable(accountName),
    printable(roleName),
    profile ?? '-',
  ]);
  writeStdout(`${textTable([head, ...lines]).join('\n')}\n`);
}

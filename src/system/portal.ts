// The access portal of IAM Identity Center: who may use which roles, and their credentials. The only importer of @aws-sdk/client-sso.
// What no account or role can be called is left out of its lists: these names go into files and onto terminals.

import {
  GetRoleCredentialsCommand,
  LogoutCommand,
  paginateListAccountRoles,
  paginateListAccounts,
  SSOClient,
} from '@aws-sdk/client-sso';
import { isRoleName } from '../config/identity-center.ts';
import { isAccountId } from '../credentials/credentials.ts';
import { readIssued } from '../credentials/issued.ts';
import type { Portal, PortalCall } from '../ports/identity-center.ts';
import { type ClientSettings, createErrands, type IdentityCenterOptions } from './identity-center-call.ts';
import { credentialsOf, unlessSleptThrough } from './reply-credentials.ts';

/** Lists of hundreds of accounts run into AWS's limits: the SDK waits longer from try to try. */
const listTries = 8;
const listDeadlineMs = 60_000;

/** The real one. Opens nothing until it is called and keeps no connection between calls. */
export function createPortal(options: IdentityCenterOptions): Portal {
  const { clock } = options;
  const errands = createErrands(options);
  const lists = createErrands({ ...options, deadlineMs: listDeadlineMs });
  const once = (settings: ClientSettings) => new SSOClient(settings);
  const often = (settings: ClientSettings) => new SSOClient({ ...settings, maxAttempts: listTries });
  const tokenOf = ({ accessToken }: PortalCall) => accessToken.reveal();
  return {
    getRoleCredentials: (role, call) =>
      errands.run({ ...errandOf('GetRoleCredentials', call), role }, once, (client) =>
        unlessSleptThrough(async () => {
          const { roleCredentials } = await client.send(new GetRoleCredentialsCommand({ ...role, accessToken: tokenOf(call) }));
          const { accessKeyId, secretAccessKey, sessionToken, expiration } = roleCredentials ?? {};
          const expiresAt = expiration ? Math.floor(expiration) : undefined;
          const came = { accessKeyId, secretAccessKey, sessionToken, expiresAt, accountId: role.accountId };
          return credentialsOf(readIssued(came, clock.now()));
        }),
      ),
    listAccounts: (call) =>
      lists.run(errandOf('ListAccounts', call), often, async (client) => {
        const pages = await collect(paginateListAccounts({ client, pageSize: 100 }, { accessToken: tokenOf(call) }));
        return pages.flatMap(({ accountList = [] }) =>
          accountList.flatMap(({ accountId, accountName = '', emailAddress = '' }) =>
            accountId === undefined || !isAccountId(accountId) ? [] : [{ accountId, name: accountName, email: emailAddress }],
          ),
        );
      }),
    listRoles: (accountId, call) =>
      lists.run(errandOf('ListAccountRoles', call), often, async (client) => {
        const pages = await collect(
          paginateListAccountRoles({ client, pageSize: 100 }, { accessToken: tokenOf(call), accountId }),
        );
        return pages.flatMap(({ roleList = [] }) =>
          roleList.flatMap(({ roleName }) => (roleName === undefined || !isRoleName(roleName) ? [] : [{ accountId, roleName }])),
        );
      }),
    logout: (call) =>
      errands.run(errandOf('Logout', call), once, async (client) => {
        await client.send(new LogoutCommand({ accessToken: tokenOf(call) }));
      }),
  };
}

function errandOf(operation: string, call: PortalCall) {
  return { operation, endpoint: call.endpoint, call, sent: [call.accessToken] };
}

async function collect<T>(pages: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(page);
  return all;
}

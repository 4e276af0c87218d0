// The access portal of IAM Identity Center: who may use which roles, and their credentials. The only importer of @aws-sdk/client-sso.
// What no account or role can be called is left out of its lists: these names go into files and onto terminals.

import {
  GetRoleCredentialsCommand,
  LogoutCommand,
  paginateListAccountRoles,
  paginateListAccounts,
  SSOClient,
} from '@aws-sdk/client-sso';
import { isAccountId, isRoleName } from '../config/identity-center.ts';
import { isEpochMs } from '../credentials/credentials.ts';
import { isWord } from '../credentials/json.ts';
import { Secret } from '../credentials/secret.ts';
import type { Portal, PortalCall } from '../ports/identity-center.ts';
import { type ClientSettings, createErrands, type IdentityCenterOptions } from './identity-center-call.ts';
import { ReplyProblem } from './sts-http.ts';

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
      errands.run({ ...errandOf('GetRoleCredentials', call), role }, once, async (client) => {
        const { roleCredentials } = await client.send(new GetRoleCredentialsCommand({ ...role, accessToken: tokenOf(call) }));
        const { accessKeyId, secretAccessKey, sessionToken, expiration } = roleCredentials ?? {};
        if (!isWord(accessKeyId) || !isWord(secretAccessKey) || !isWord(sessionToken) || !expiration) {
          throw new ReplyProblem('its reply holds no complete credentials');
        }
        const issuedAt = clock.now();
        const expiresAt = Math.floor(expiration);
        if (!isEpochMs(expiresAt)) throw new ReplyProblem('its credentials have no readable end');
        if (expiresAt <= issuedAt) throw new ReplyProblem('its credentials have ended already');
        return {
          accessKeyId,
          secretAccessKey: new Secret(secretAccessKey),
          sessionToken: new Secret(sessionToken),
          issuedAt,
          expiresAt,
          accountId: role.accountId,
        };
      }),
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

// The access keys of a user in AWS IAM. The only importer of @aws-sdk/client-iam; loaded by `rotate`, and when a rotation ends.

import {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  IAMClient,
  ListAccessKeysCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam';
import { isWord } from '../credentials/json.ts';
import { Secret } from '../credentials/secret.ts';
import { isAppError } from '../errors.ts';
import type { Iam, IamCall, ListedKey, NewAccessKey } from '../ports/iam.ts';
import type { Clock } from '../ports/time.ts';
import { converse, type Line, twiceAtMost } from './aws-call.ts';
import { clientSettings, type SendOptions, withoutNodeWarning } from './aws-client-settings.ts';
import type { Operation } from './sts-failure.ts';
import { ReplyProblem } from './sts-http.ts';

export interface IamOptions {
  readonly clock: Clock;
  /** Over a whole call, its second try included. 10 s when absent. */
  readonly deadlineMs?: number;
}

/** The real IAM. Opens nothing until it is called and keeps no connection between calls. */
export function createIam({ clock, deadlineMs = 10_000 }: IamOptions): Iam {
  const line: Line = { clock, deadlineMs, heard: { at: undefined } };
  const ask = <T>(operation: Operation, call: IamCall, send: (client: IAMClient) => Promise<T>): Promise<T> =>
    converse(operation, call, { line, request: {}, service: 'IAM' }, (turn) =>
      twiceAtMost(turn, (options) => withClient(options, send)),
    );
  return {
    listAccessKeys: (call) => ask('ListAccessKeys', call, (client) => sendList(client, call)),
    createAccessKey: (call) => ask('CreateAccessKey', call, (client) => sendCreate(client, call)),
    deactivateAccessKey: (accessKeyId, call) =>
      unlessGone(() =>
        ask('UpdateAccessKey', call, (client) =>
          client.send(new UpdateAccessKeyCommand({ UserName: call.userName, AccessKeyId: accessKeyId, Status: 'Inactive' })),
        ),
      ),
    deleteAccessKey: (accessKeyId, call) =>
      unlessGone(() =>
        ask('DeleteAccessKey', call, (client) =>
          client.send(new DeleteAccessKeyCommand({ UserName: call.userName, AccessKeyId: accessKeyId })),
        ),
      ),
  };
}

/** A key that is not there any more is as good as what was asked for. */
async function unlessGone(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isAppError(error, 'aws-refused') || !error.details.awsCode.startsWith('NoSuchEntity')) throw error;
  }
}

async function sendList(client: IAMClient, { userName }: IamCall): Promise<readonly ListedKey[]> {
  const { AccessKeyMetadata } = await client.send(new ListAccessKeysCommand({ UserName: userName }));
  if (AccessKeyMetadata === undefined) throw new ReplyProblem('its reply has no list of access keys');
  return AccessKeyMetadata.map(({ AccessKeyId, Status, CreateDate }) => {
    if (!AccessKeyId) throw new ReplyProblem('its reply lists an access key without an id');
    const createdAt = CreateDate?.getTime() ?? Number.NaN;
    return { accessKeyId: AccessKeyId, isActive: Status === 'Active', ...(Number.isFinite(createdAt) ? { createdAt } : {}) };
  });
}

async function sendCreate(client: IAMClient, { userName }: IamCall): Promise<NewAccessKey> {
  const { AccessKey } = await client.send(new CreateAccessKeyCommand({ UserName: userName }));
  if (!isWord(AccessKey?.AccessKeyId) || !isWord(AccessKey.SecretAccessKey))
    throw new ReplyProblem('its reply holds no complete access key');
  return { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: new Secret(AccessKey.SecretAccessKey) };
}

async function withClient<T>(options: SendOptions, send: (client: IAMClient) => Promise<T>): Promise<T> {
  const client = withoutNodeWarning(() => new IAMClient(clientSettings({ ...options, service: 'IAM' })));
  // It would read AWS Lambda's environment variables.
  client.middlewareStack.remove('recursionDetectionMiddleware');
  try {
    return await send(client);
  } finally {
    client.destroy();
  }
}

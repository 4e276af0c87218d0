// The role of an EC2 instance, by its metadata service: a session token, the role's name, its credentials (EC2 User Guide, "Use the Instance
// Metadata Service"). @smithy/credential-provider-imds does the same, but takes its settings from the environment and the files of this
// process, which in the agent are not its caller's, falls back to version 1, and gives expired credentials a new end.

import type { InstanceHop } from '../config/entry-hop.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { readMachineDocument } from '../credentials/machine-document.ts';
import { Secret, secretsIn } from '../credentials/secret.ts';
import { AppError } from '../errors.ts';
import type { LinkReply, LinkRequest } from '../ports/link.ts';
import type { EntryCall, EntryPorts } from './entry.ts';

/** Throws `machine-failed`. */
export async function requestInstance(
  hop: InstanceHop,
  { signal }: EntryCall,
  { askLink, clock }: EntryPorts,
): Promise<Credentials> {
  const failed = failing(hop);
  if (hop.isForbidden) throw failed('AWS_EC2_METADATA_DISABLED forbids to ask', 'unset AWS_EC2_METADATA_DISABLED');
  const ask = (path: string, how: Pick<LinkRequest, 'method' | 'headers'>) =>
    askLink({ url: `${hop.url}${path}`, ...how, ...(signal === undefined ? {} : { signal }) });
  const headers = tokenHeaders(hop, await ask('/latest/api/token', tokenRequest), failed);
  const role = bodyOf(await ask(rolePath, { method: 'GET', headers }), failed).trim();
  if (!/^[\w+=,.@-]{1,64}$/.test(role)) throw failed('it names no role');
  const body = bodyOf(await ask(rolePath + role, { method: 'GET', headers }), failed);
  const document = readMachineDocument(body, { now: clock.now(), sent: secretsIn(headers) });
  if (document.kind !== 'ok') throw failed(document.problem);
  return document.credentials;
}

const rolePath = '/latest/meta-data/iam/security-credentials/';
/** Six hours, as the SDKs ask for; it is used at once. */
const tokenRequest = { method: 'PUT', headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' } } as const;

type Failing = (problem: string, hint?: string) => AppError;

function failing({ url }: InstanceHop): Failing {
  return (problem, hint = 'check that this is an EC2 instance, and that a role is attached to it') =>
    new AppError('machine-failed', { service: `the instance metadata service at ${url}`, problem, hint });
}

/** None where the service knows only version 1, and the person allows that. */
function tokenHeaders({ allowsV1 }: InstanceHop, reply: LinkReply, failed: Failing): LinkRequest['headers'] {
  if (reply.kind === 'reply' && reply.status === 200 && /^[!-~]{1,4096}$/.test(reply.body)) {
    return { 'x-aws-ec2-metadata-token': new Secret(reply.body) };
  }
  const mayBeV1 = reply.kind === 'problem' || [403, 404, 405].includes(reply.status);
  if (mayBeV1 && allowsV1) return {};
  if (reply.kind === 'problem') throw failed(reply.problem);
  throw failed(
    `it gives no session token (HTTP status ${reply.status})`,
    'if it knows only version 1, allow that: ec2_metadata_v1_disabled = false',
  );
}

function bodyOf(reply: LinkReply, failed: Failing): string {
  if (reply.kind === 'problem') throw failed(reply.problem);
  if (reply.status === 404) throw failed('no role is attached to this instance (HTTP status 404)');
  if (reply.status !== 200) throw failed(`it answered with HTTP status ${reply.status}`);
  return reply.body;
}

// The role of a container of ECS or EKS, by the endpoint that its environment names (AWS SDKs and Tools Reference Guide, "Container
// credential provider"). @smithy/credential-provider-imds reads this process's environment only, and knows neither EKS nor a token's file.

import { containerLack } from '../config/caller-bound.ts';
import { type ContainerHop, type ContainerToken, describeContainer } from '../config/entry-hop.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { readMachineDocument } from '../credentials/machine-document.ts';
import { Secret, secretsIn } from '../credentials/secret.ts';
import { AppError } from '../errors.ts';
import type { LinkRequest } from '../ports/link.ts';
import type { EntryCall, EntryPorts } from './entry.ts';

/** Throws `machine-failed`, and `environment-lacks` where the environment names no endpoint. */
export async function requestContainer(
  hop: ContainerHop,
  { profile, signal }: EntryCall,
  { askLink, readSmallFile, clock }: EntryPorts,
): Promise<Credentials> {
  const { url, authorization } = hop;
  if (url === undefined) throw containerLack(profile);
  const failed = (problem: string, hint = "check the task's role (ECS) or the pod's identity association (EKS)") =>
    new AppError('machine-failed', { service: describeContainer(hop), problem, hint });
  const headers = await authorizationHeader(authorization, readSmallFile, failed);
  const reply = await askLink({ url, method: 'GET', headers, ...(signal === undefined ? {} : { signal }) });
  if (reply.kind === 'problem') throw failed(reply.problem);
  if (reply.status === 401 || reply.status === 403) throw failed(`it refuses the token (HTTP status ${reply.status})`);
  if (reply.status !== 200) throw failed(`it answered with HTTP status ${reply.status}`);
  const document = readMachineDocument(reply.body, { now: clock.now(), sent: secretsIn(headers) });
  if (document.kind !== 'ok') throw failed(document.problem);
  return document.credentials;
}

async function authorizationHeader(
  authorization: ContainerToken | undefined,
  readSmallFile: EntryPorts['readSmallFile'],
  failed: (problem: string, hint?: string) => AppError,
): Promise<LinkRequest['headers']> {
  if (authorization === undefined) return {};
  if (authorization.kind === 'value') return { authorization: authorization.token };
  const hint = 'check the file of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE';
  const file = await readSmallFile(authorization.path);
  if (file.kind === 'problem') throw failed(`${authorization.path}: ${file.problem}`, hint);
  // A header of more than one line would be another request.
  if (!/^[ -~]+$/.test(file.text.trim())) throw failed(`${authorization.path}: it holds no token of one line`, hint);
  return { authorization: new Secret(file.text.trim()) };
}

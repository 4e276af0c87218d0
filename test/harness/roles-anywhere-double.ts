// A stand-in for AWS IAM Roles Anywhere on the loopback interface. It checks what AWS checks: the signature, with AWS's own code for the
// canonical form; the chain from the certificate to its trust anchor; all dates; the scope; and that anchor, profile and role go together.
// The words of refusals are AWS's where they are published (issues of aws/rolesanywhere-credential-helper); those of a disabled anchor are ours.

import { randomBytes, X509Certificate } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Chain, checkX509Signature, type Received, Refused } from './x509-check.ts';

export interface TrustAnchor {
  readonly arn: string;
  /** PEM. */
  readonly authority: string;
  readonly isEnabled?: boolean;
}

export interface AnywhereProfile {
  readonly arn: string;
  readonly roleArns: readonly string[];
  readonly acceptsSessionName?: boolean;
}

export interface AnywhereRole {
  readonly arn: string;
  /** What must be in the certificate's subject; any when absent. */
  readonly subject?: string;
}

export interface AnywhereOptions {
  readonly region: string;
  readonly trustAnchors: readonly TrustAnchor[];
  readonly profiles: readonly AnywhereProfile[];
  readonly roles: readonly AnywhereRole[];
}

export interface AnywhereCall {
  /** `ok`, or AWS's error code. */
  readonly outcome: string;
  readonly message?: string;
  /** As far as the signature was right. */
  readonly subject?: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: string;
  readonly issuedAccessKeyId?: string;
}

export interface AnywhereDouble {
  readonly url: string;
  log(): readonly AnywhereCall[];
  now(): number;
  /** Moves the double's clock. */
  advance(ms: number): void;
  /** What is sent in place of the next reply, whatever is asked. */
  replyNext(reply: AnywhereReply): void;
  /** What it knows of an anchor from now on. */
  setTrustAnchor(anchor: TrustAnchor): void;
  stop(): Promise<void>;
}

export interface AnywhereReply {
  readonly status: number;
  readonly body: string;
  readonly errorType?: string;
}

export async function startAnywhereDouble(options: AnywhereOptions): Promise<AnywhereDouble> {
  let offsetMs = 0;
  const now = () => Date.now() + offsetMs;
  const calls: AnywhereCall[] = [];
  const next: AnywhereReply[] = [];
  const anchors = new Map(options.trustAnchors.map((anchor) => [anchor.arn, anchor]));
  const server = createServer((request, response) => {
    answer(request, { ...options, anchors, now, calls, next }).then(
      (reply) => send(response, reply, now()),
      (error: unknown) => response.destroy(error instanceof Error ? error : undefined),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    log: () => [...calls],
    now,
    advance: (ms) => {
      offsetMs += ms;
    },
    replyNext: (reply) => void next.push(reply),
    setTrustAnchor: (anchor) => void anchors.set(anchor.arn, anchor),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Desk extends AnywhereOptions {
  readonly anchors: ReadonlyMap<string, TrustAnchor>;
  readonly now: () => number;
  readonly calls: AnywhereCall[];
  readonly next: AnywhereReply[];
}

async function answer(request: IncomingMessage, desk: Desk): Promise<AnywhereReply> {
  const received = await receive(request);
  const { query, body } = received;
  const forced = desk.next.shift();
  if (forced !== undefined) {
    desk.calls.push({ outcome: `reply ${forced.status}`, query, body });
    return forced;
  }
  let subject: { readonly subject?: string } = {};
  try {
    const chain = checkX509Signature(received, desk);
    subject = { subject: chain[0].subject };
    const issued = issue(received, chain, desk);
    desk.calls.push({ outcome: 'ok', ...subject, query, body, issuedAccessKeyId: issued.accessKeyId });
    return { status: 201, body: JSON.stringify(issued.document) };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    desk.calls.push({ outcome: error.code, message: error.message, ...subject, query, body });
    return { status: error.status, body: JSON.stringify({ message: error.message }), errorType: error.code };
  }
}

interface IssuedSession {
  readonly accessKeyId: string;
  readonly document: unknown;
}

function issue({ query, body }: Received, chain: Chain, desk: Desk): IssuedSession {
  const fields = new Map(Object.entries(parseFields(body)));
  const { profileArn = '', roleArn = '', trustAnchorArn = '' } = query;
  checkTrust(chain, trustAnchorArn, desk);
  const profile = desk.profiles.find(({ arn }) => arn === profileArn);
  if (profile === undefined) throw new Refused('ResourceNotFoundException', 'Profile not found', 404);
  const durationSeconds = Number(fields.get('durationSeconds') ?? 3600);
  if (!(durationSeconds >= 900 && durationSeconds <= 43_200)) {
    throw new Refused('ValidationException', 'durationSeconds must be between 900 and 43200', 400);
  }
  const [leaf] = chain;
  const role = desk.roles.find(({ arn }) => arn === roleArn);
  const isLetIn = role !== undefined && profile.roleArns.includes(roleArn) && leaf.subject.includes(role.subject ?? '');
  if (!isLetIn) throw new Refused('AccessDeniedException', `Unable to assume role for ${roleArn}`);
  const name = fields.get('roleSessionName');
  if (name !== undefined && profile.acceptsSessionName !== true) {
    throw new Refused('AccessDeniedException', 'Profile does not accept a custom role session name');
  }
  const accessKeyId = `ASIA${randomBytes(8).toString('hex').toUpperCase()}`;
  const expiration = new Date(Math.floor(desk.now() / 1000 + durationSeconds) * 1000).toISOString().replace('.000Z', 'Z');
  const [, , , , account = '', resource = ''] = roleArn.split(':');
  const session = `${resource.replace('role/', '')}/${typeof name === 'string' ? name : leaf.serialNumber.toLowerCase()}`;
  return {
    accessKeyId,
    document: {
      credentialSet: [
        {
          assumedRoleUser: { arn: `arn:aws:sts::${account}:assumed-role/${session}`, assumedRoleId: `AROAEXAMPLE:${session}` },
          credentials: {
            accessKeyId,
            secretAccessKey: randomBytes(30).toString('base64'),
            sessionToken: randomBytes(60).toString('base64'),
            expiration,
          },
          packedPolicySize: 10,
          roleArn,
          sourceIdentity: leaf.subject,
        },
      ],
      subjectArn: `arn:aws:rolesanywhere:${desk.region}:${account}:subject/1`,
    },
  };
}

function parseFields(body: string): object {
  const value: unknown = JSON.parse(body);
  if (typeof value !== 'object' || value === null) throw new Refused('ValidationException', 'the body is no object', 400);
  return value;
}

function checkTrust(chain: Chain, trustAnchorArn: string, { anchors, now }: Desk): void {
  const anchor = anchors.get(trustAnchorArn);
  if (anchor === undefined) throw new Refused('ResourceNotFoundException', 'Trust anchor not found', 404);
  if (anchor.isEnabled === false) throw new Refused('AccessDeniedException', 'Trust anchor is disabled');
  const [leaf, ...between] = chain;
  if (leaf.ca) throw new Refused('AccessDeniedException', 'Untrusted certificate. Insufficient certificate');
  const path = pathTo(new X509Certificate(anchor.authority), leaf, between);
  const isOfToday = (one: X509Certificate) => Date.parse(one.validFrom) <= now() && now() < Date.parse(one.validTo);
  if (path === undefined || !path.every(isOfToday)) throw new Refused('AccessDeniedException', 'Untrusted signing certificate');
}

/** From the certificate up; undefined where none leads to the authority. */
function pathTo(
  authority: X509Certificate,
  from: X509Certificate,
  between: readonly X509Certificate[],
): readonly X509Certificate[] | undefined {
  const isBy = (issuer: X509Certificate) => issuer.ca && from.checkIssued(issuer) && from.verify(issuer.publicKey);
  if (isBy(authority)) return [from, authority];
  const issuer = between.find(isBy);
  if (issuer === undefined) return undefined;
  const rest = pathTo(
    authority,
    issuer,
    between.filter((one) => one !== issuer),
  );
  return rest === undefined ? undefined : [from, ...rest];
}

async function receive(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  const url = new URL(request.url ?? '/', 'http://localhost');
  const headers = Object.entries(request.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(',') : (value ?? ''),
  ]);
  return {
    method: request.method ?? '',
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: Object.fromEntries(headers),
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

function send(response: ServerResponse, { status, body, errorType }: AnywhereReply, now: number): void {
  response.sendDate = false;
  response.setHeader('date', new Date(now).toUTCString());
  response.setHeader('content-type', 'application/json');
  if (errorType !== undefined) response.setHeader('x-amzn-errortype', errorType);
  response.statusCode = status;
  response.end(body);
}

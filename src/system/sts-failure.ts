// What went wrong in a call to STS, as one of our errors. AWS's own refusals are explained in credentials/sts-refusal.ts.

import { withoutSecrets } from '../credentials/foreign-words.ts';
import type { Secret } from '../credentials/secret.ts';
import { explainRefusal, isClockRefusal } from '../credentials/sts-refusal.ts';
import type { Refusal, RefusedRequest } from '../credentials/sts-refused-call.ts';
import { AppError, isAppError } from '../errors.ts';
import type { AwsCall } from './aws-client-settings.ts';
import { ReplyProblem } from './sts-http.ts';
import { ProxyProblem } from './sts-tunnel.ts';

export type Operation = Refusal['operation'];

export interface FailedCall {
  readonly operation: Operation;
  readonly call: AwsCall;
  readonly request: RefusedRequest;
  /** What the request holds of secrets, beside the caller's. */
  readonly sent: readonly Secret[];
  /** Host and port that the request went to. */
  readonly endpoint: string;
  /** The deadline or the call's signal ended it. */
  readonly hasEnded: boolean;
  readonly seconds: number;
}

/** True if AWS refused a request only because of its time. */
export function isClockFailure(error: unknown): boolean {
  const refusal = refusalIn(error, []);
  return refusal !== undefined && isClockRefusal(refusal);
}

/** True if AWS knows the caller and does not allow him this call. */
export function isForbidden(error: unknown): boolean {
  const code = refusalIn(error, [])?.awsCode;
  return code === 'AccessDenied' || code === 'AccessDeniedException';
}

/** Whatever was thrown while calling. */
export function toFailure(error: unknown, failed: FailedCall): AppError {
  const { call } = failed;
  const sent = [...failed.sent, ...secretsOf(call)];
  return failureOf(error, { ...failed, sent, signal: call.signal }, (refusal) =>
    explainRefusal({ ...refusal, ...refusalScene(failed) }),
  );
}

export interface Trouble extends Pick<FailedCall, 'sent' | 'endpoint' | 'hasEnded' | 'seconds'> {
  readonly operation: string;
  /** The call's own. */
  readonly signal: AbortSignal | undefined;
}

/** For any service; `explain` has its refusals in words. The call's own signal wins over all, then the deadline. */
export function failureOf(error: unknown, trouble: Trouble, explain: (refusal: AwsRefusal) => AppError): AppError {
  const { operation, sent, signal, endpoint, hasEnded, seconds } = trouble;
  if (isAppError(error)) return error;
  if (signal?.aborted === true) return interruption(signal);
  if (hasEnded) return new AppError('deadline', { doing: `${operation} at ${endpoint}`, seconds }, error);
  const refusal = refusalIn(error, sent);
  if (refusal !== undefined) return explain(refusal);
  if (error instanceof ReplyProblem && error.isServerTrouble) return serverTrouble(error, operation);
  return new AppError('network', { endpoint, problem: withoutSecrets(problemOf(error), sent) }, error);
}

function interruption(signal: AbortSignal): AppError {
  return isAppError(signal.reason) ? signal.reason : new AppError('interrupted', {}, signal.reason);
}

export interface AwsRefusal {
  readonly awsCode: string;
  readonly message: string;
  readonly httpStatus?: number;
}

/** A refusal out of a reply that no client of the SDK has read. */
export class RefusedReply extends Error {
  readonly refusal: AwsRefusal;

  constructor(refusal: AwsRefusal) {
    super('the service refused');
    this.refusal = refusal;
  }
}

/**
 * What the service said, without the secrets that it was sent: AWS explains a wrong signature with the headers that it got, and an endpoint
 * may say anything. Undefined for what is no refusal.
 */
export function refusalIn(error: unknown, sent: readonly Secret[]): AwsRefusal | undefined {
  const refusal = error instanceof RefusedReply ? error.refusal : refusalOfSdk(error);
  if (refusal === undefined) return undefined;
  const awsCode = withoutSecrets(refusal.awsCode, sent);
  const message = withoutSecrets(refusal.message, sent);
  return { ...refusal, awsCode, message };
}

/** The SDK marks what the service said with `$fault`; its own troubles have none. */
function refusalOfSdk(error: unknown): AwsRefusal | undefined {
  if (!(error instanceof Error) || !('$fault' in error)) return undefined;
  const metadata = '$metadata' in error ? error.$metadata : undefined;
  const status =
    typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata ? metadata.httpStatusCode : undefined;
  // The SDK names some errors otherwise than AWS does: ExpiredTokenException for ExpiredToken.
  const code = 'Code' in error && typeof error.Code === 'string' ? error.Code : error.name;
  // The sign-in service speaks OAuth (RFC 6749, 5.2), whose errors have a description instead of a message.
  const described = 'error_description' in error ? error.error_description : undefined;
  const message = typeof described === 'string' ? described : error.message;
  return { awsCode: code, message, ...(typeof status === 'number' ? { httpStatus: status } : {}) };
}

function secretsOf({ caller }: AwsCall): readonly Secret[] {
  return [caller?.secretAccessKey, caller?.sessionToken].filter((secret) => secret !== undefined);
}

function refusalScene({ operation, call, request }: FailedCall): Omit<Refusal, keyof AwsRefusal> {
  const { caller, context = {}, endpoint } = call;
  return {
    operation,
    region: endpoint.region,
    callerKind: context.callerKind ?? (caller?.sessionToken === undefined ? 'keys' : 'session'),
    request,
    context,
  };
}

function serverTrouble(error: ReplyProblem, operation: string): AppError {
  return new AppError(
    'aws-refused',
    {
      doing: operation,
      awsCode: 'no code',
      words: error.message,
      hint: 'this goes away by itself; try again in a minute',
      isTransient: true,
    },
    error,
  );
}

const problems: ReadonlyMap<string, string> = new Map([
  ['ENOTFOUND', 'there is no such host (ENOTFOUND)'],
  ['EAI_AGAIN', 'the name could not be looked up (EAI_AGAIN)'],
  ['ECONNREFUSED', 'the connection was refused (ECONNREFUSED)'],
  ['ECONNRESET', 'the connection broke (ECONNRESET)'],
  ['EPIPE', 'the connection broke (EPIPE)'],
  ['ETIMEDOUT', 'the connection timed out (ETIMEDOUT)'],
  ['EHOSTUNREACH', 'there is no way to that host (EHOSTUNREACH)'],
  ['ENETUNREACH', 'there is no network (ENETUNREACH)'],
  ['HPE_INVALID_CONSTANT', 'what answers there does not speak HTTP'],
]);

const certificateCodes =
  /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|ERROR_IN_CERT)/;

function problemOf(error: unknown): string {
  if (error instanceof ReplyProblem || error instanceof ProxyProblem) return error.message;
  const code = codeOf(error);
  if (code === undefined) return `its reply could not be read (${error instanceof Error ? error.name : 'unknown'})`;
  if (certificateCodes.test(code)) {
    return `its certificate is not trusted (${code}); behind a company proxy set ca_bundle to the company's CA file`;
  }
  if (/^(ERR_SSL_|EPROTO)/.test(code)) return `no secure connection came about (${code})`;
  if (code.startsWith('HPE_')) return `what answers there does not speak HTTP (${code})`;
  return problems.get(code) ?? `the connection failed (${code})`;
}

// Node tries IPv6 and IPv4 and throws both failures in one.
function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) {
    const inner: unknown = error.errors[0];
    return codeOf(inner) ?? ownCode(error);
  }
  return ownCode(error);
}

function ownCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

// What every client of the AWS SDK is given: each setting explicitly, so that the SDK reads no file of the user, no environment and no
// instance metadata.

import process from 'node:process';
import { AppError } from '../errors.ts';
import type { ServiceEndpoint, StsCaller, UnsignedCall } from '../ports/sts.ts';
import { type Exchange, StsHttpHandler } from './sts-http.ts';

/** Signed where there is a caller. */
export interface AwsCall extends UnsignedCall {
  readonly caller?: StsCaller;
}

export interface SendOptions extends Omit<Exchange, 'network'> {
  readonly call: AwsCall;
  /** What AWS's time has over this computer's; the SDK signs with the latter. */
  readonly aheadMs: number;
}

/** For one client, which makes one request. */
export function clientSettings({ call, aheadMs, ...exchange }: SendOptions) {
  const { caller, endpoint, network } = call;
  return {
    ...unsignedSettings(endpoint, { network, ...exchange }),
    credentials: async () => signingKeys(caller),
    systemClockOffset: aheadMs,
  };
}

/** For a client whose requests nobody signs. */
export function unsignedSettings(endpoint: ServiceEndpoint, exchange: Exchange) {
  return {
    ...endpointFields(endpoint),
    ...nothingFromOutside,
    requestHandler: new StsHttpHandler(exchange),
    maxAttempts: 1,
    logger: silence,
  };
}

/** Never asked for where an operation is not signed, and there is nothing else to fall back on. */
function signingKeys(caller: StsCaller | undefined) {
  if (caller === undefined) throw new AppError('unexpected', { problem: 'nothing signs this call' });
  return {
    accessKeyId: caller.accessKeyId,
    secretAccessKey: caller.secretAccessKey.reveal(),
    ...(caller.sessionToken === undefined ? {} : { sessionToken: caller.sessionToken.reveal() }),
  };
}

/**
 * Under Node 20 the SDK's constructor writes a warning to stderr, which belongs to our caller. It looks at this variable at that moment
 * and nowhere else (@aws-sdk/core, emitWarningIfUnsupportedVersion).
 */
export function withoutNodeWarning<T>(construct: () => T): T {
  const name = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';
  const before = process.env[name];
  process.env[name] = 'true';
  try {
    return construct();
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}

function endpointFields({ region, url, useFips, useDualstack }: ServiceEndpoint) {
  return {
    region,
    ...(url === undefined ? {} : { endpoint: url }),
    useFipsEndpoint: useFips,
    useDualstackEndpoint: useDualstack,
  };
}

// Each of these would otherwise be looked up in the environment or in ~/.aws/config.
const nothingFromOutside = {
  ignoreConfiguredEndpointUrls: true,
  defaultsMode: 'standard' as const,
  retryMode: 'standard',
  authSchemePreference: [],
  // False is the default, but the file is asked first.
  disableClockSkewCorrection: false,
  sigv4aSigningRegionSet: [],
  userAgentAppId: async () => undefined,
  // What CloudTrail shows.
  defaultUserAgentProvider: async (): Promise<[string][]> => [['rolekeeper']],
  profile: 'rolekeeper-reads-no-profile',
};

const silence = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {
  // The SDK has nothing to say that would not come as an error.
}

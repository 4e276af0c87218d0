// A person signs in to IAM Identity Center: in the browser by authorization code with PKCE (RFC 7636), or by a code for another device
// (RFC 8628). What comes of it goes into the store and nowhere else.

import { createHash, randomBytes } from 'node:crypto';
import { describeSignIn, type SignIn, signInIdOf } from '../config/sign-in.ts';
import { Secret } from '../credentials/secret.ts';
import type { SignInTokens } from '../credentials/sign-in-tokens.ts';
import { AppError, isAppError } from '../errors.ts';
import type {
  IdentityCenter,
  IdentityCenterCall,
  IssuedTokens,
  RegisteredClient,
  SignInFlow,
  TokenOutcome,
} from '../ports/identity-center.ts';
import type { Browser, CallbackAnswer, CallbackPage } from '../ports/person.ts';
import type { Clock } from '../ports/time.ts';
import { faultPoint } from '../refresh/fault-point.ts';

/** `browser`: opens one, or falls back on a device code where there is none. `address`: the person opens the page by hand. */
export type SignInWay = 'browser' | 'address' | 'device';

export interface SignInRequest {
  readonly target: SignIn;
  readonly way: SignInWay;
  readonly call: IdentityCenterCall;
}

export interface SignInSide {
  readonly clock: Clock;
  readonly identityCenter: IdentityCenter;
  readonly browser: Browser;
  readonly callbackPage: CallbackPage;
  /** Lines for a camera; none where nobody would see them. */
  readonly qrLines: (text: string) => readonly string[];
  readonly say: (lines: readonly string[]) => void;
}

/** As long as AWS's own programs wait for somebody to come back. */
const patienceMs = 10 * 60_000;

/** Keeps the tokens. Throws `aws-refused` where the person, or the organisation, said no; `deadline` when nobody came back; what the ports throw. */
export async function signIn(request: SignInRequest, side: SignInSide): Promise<SignInTokens> {
  const { target, call } = request;
  const flow = flowOf(request.way, side);
  const { client, tokens } = await withClient(request, flow, side);
  faultPoint('tokens answered');
  const { startUrl, sessionName, portal } = target;
  const kept = {
    ...{ startUrl, portal, client, ...tokens, signedInAt: side.clock.now() },
    ...(sessionName === undefined ? {} : { sessionName }),
  };
  await side.identityCenter.signIns.keep(target, kept, call);
  return kept;
}

interface SignedIn {
  readonly client: RegisteredClient;
  readonly tokens: IssuedTokens;
}

/** A registration that is kept may be one that AWS has forgotten: then with a new one, once. */
async function withClient(request: SignInRequest, flow: SignInFlow, side: SignInSide): Promise<SignedIn> {
  const { target, way, call } = request;
  const signInWith = async (client: RegisteredClient) => {
    const inputs = { target, client, call, side };
    return { client, tokens: flow === 'device' ? await byDevice(inputs) : await byBrowser(inputs, way) };
  };
  const known = await knownClient(request, flow, side);
  try {
    if (known !== undefined) return await signInWith(known);
  } catch (error) {
    if (!isAppError(error, 'aws-refused') || error.details.awsCode !== 'InvalidClientException') throw error;
  }
  const client = await side.identityCenter.service.register(target, flow, call);
  faultPoint('client registered');
  return await signInWith(client);
}

interface Inputs {
  readonly target: SignIn;
  readonly client: RegisteredClient;
  readonly call: IdentityCenterCall;
  readonly side: SignInSide;
}

function flowOf(way: SignInWay, { browser, say }: SignInSide): SignInFlow {
  if (way === 'device') return 'device';
  if (way === 'address' || browser.obstacle === undefined) return 'browser';
  say([`no browser can be opened: ${browser.obstacle}; a code for any other device will do`]);
  return 'device';
}

/** A registration is good for months; one that ends soon would take the sign-in with it. */
const registrationLeftMs = 24 * 3_600_000;

async function knownClient(
  { target }: SignInRequest,
  flow: SignInFlow,
  { identityCenter, clock }: SignInSide,
): Promise<RegisteredClient | undefined> {
  const known = (await identityCenter.signIns.stored(signInIdOf(target)))?.client;
  return known?.flow === flow && known.expiresAt - registrationLeftMs > clock.now() ? known : undefined;
}

async function byBrowser({ target, client, call, side }: Inputs, way: SignInWay): Promise<IssuedTokens> {
  const { browser, callbackPage, identityCenter, say } = side;
  const verifier = randomBytes(48).toString('base64url');
  const state = randomBytes(32).toString('base64url');
  const codeChallenge = createHash('sha256').update(verifier).digest('base64url');
  return await callbackPage.receive({
    state,
    where: describeSignIn(target),
    deadlineMs: patienceMs,
    onReady: async (redirectUri) => {
      const url = identityCenter.service.authorizeUrl(target, client, { redirectUri, state, codeChallenge });
      const isOpen = way === 'browser' && (await browser.open(url));
      say([
        isOpen
          ? 'a browser is opening; if it does not, open this address in one on this computer:'
          : 'open this address in a browser on this computer:',
        url,
        'waiting for the sign-in (Ctrl-C ends it; `--device-code` is for a browser elsewhere)',
      ]);
    },
    finish: async (answer, redirectUri) => {
      const code = codeIn(answer, target);
      const grant = { kind: 'code', code, verifier: new Secret(verifier), redirectUri } as const;
      return issuedIn(await identityCenter.service.exchange(grant, { signIn: target, client, call }), target);
    },
  });
}

/** RFC 8628, 3.5. */
const slowDownMs = 5_000;

async function byDevice({ target, client, call, side }: Inputs): Promise<IssuedTokens> {
  const { clock, identityCenter, say, qrLines } = side;
  const device = await identityCenter.service.startDevice(target, client, call);
  say([
    'on any device, open this address:',
    device.completeUrl,
    ...qrLines(device.completeUrl),
    `and check that it shows the code ${device.userCode}; or type that code at ${device.verificationUrl}`,
    'waiting for the sign-in (Ctrl-C ends it)',
  ]);
  const grant = { kind: 'device', deviceCode: device.deviceCode } as const;
  for (let intervalMs = device.intervalMs; clock.now() < device.expiresAt; ) {
    await clock.wait(intervalMs);
    const outcome = await exchangeOrWait(() => identityCenter.service.exchange(grant, { signIn: target, client, call }));
    if (outcome.kind === 'slow-down') intervalMs += slowDownMs;
    else if (outcome.kind !== 'pending') return issuedIn(outcome, target);
  }
  throw refused(target, { code: 'expired', words: 'nobody approved the code in time' });
}

/** A network that is away for a moment only delays. */
async function exchangeOrWait(exchange: () => Promise<TokenOutcome>): Promise<TokenOutcome> {
  try {
    return await exchange();
  } catch (error) {
    if (!isAppError(error) || !error.isTransient) throw error;
    return { kind: 'slow-down' };
  }
}

function codeIn(answer: CallbackAnswer, target: SignIn): Secret {
  if (answer.kind === 'code') return answer.code;
  throw refused(target, { code: answer.error, words: answer.words });
}

function issuedIn(outcome: TokenOutcome, target: SignIn): IssuedTokens {
  if (outcome.kind === 'issued') return outcome.tokens;
  if (outcome.kind === 'refused') throw refused(target, { code: outcome.awsCode, words: outcome.words });
  throw refused(target, { code: outcome.kind, words: 'it is not ready' });
}

function refused(target: SignIn, { code, words }: { readonly code: string; readonly words: string }): AppError {
  return new AppError('aws-refused', {
    doing: `the sign-in to ${describeSignIn(target)}`,
    awsCode: code,
    words,
    hint: 'run the same command once more; whoever manages IAM Identity Center can say who may sign in',
    isTransient: false,
  });
}

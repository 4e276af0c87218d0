// IAM Identity Center: its sign-in service, its access portal, and the sign-ins of this person. Types only.

import type { KeyId } from '../config/names.ts';
import type { SignIn } from '../config/sign-in.ts';
import type { Credentials, EpochMs } from '../credentials/credentials.ts';
import type { Secret } from '../credentials/secret.ts';
import type { SignInTokens } from '../credentials/sign-in-tokens.ts';
import type { ServiceEndpoint, StsCall } from './sts.ts';

/** The way to IAM Identity Center. Nothing signs: what proves the caller is in the request. */
export type IdentityCenterCall = Omit<StsCall, 'caller' | 'endpoint'>;

/** This program, as the Identity Center knows it: registered anew every few months, at a login. */
export interface RegisteredClient {
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly expiresAt: EpochMs;
  /** What it was registered for. */
  readonly flow: SignInFlow;
}

export type SignInFlow = 'browser' | 'device';

/** What a person's approval is turned into tokens with. */
export type TokenGrant =
  | { readonly kind: 'code'; readonly code: Secret; readonly verifier: Secret; readonly redirectUri: string }
  | { readonly kind: 'device'; readonly deviceCode: Secret }
  | { readonly kind: 'refresh'; readonly refreshToken: Secret };

export interface IssuedTokens {
  readonly accessToken: Secret;
  readonly accessExpiresAt: EpochMs;
  readonly refreshToken?: Secret;
}

export type TokenOutcome =
  | { readonly kind: 'issued'; readonly tokens: IssuedTokens }
  /** Of a device: nobody has approved it yet, or it was asked too often. */
  | { readonly kind: 'pending' | 'slow-down' }
  /** This grant will never be good again. */
  | { readonly kind: 'refused'; readonly awsCode: string; readonly words: string };

export interface DeviceAuthorization {
  readonly deviceCode: Secret;
  readonly userCode: string;
  readonly verificationUrl: string;
  /** The same with the code in it. */
  readonly completeUrl: string;
  readonly expiresAt: EpochMs;
  readonly intervalMs: number;
}

export interface AuthorizeRequest {
  readonly redirectUri: string;
  readonly state: string;
  readonly codeChallenge: string;
}

export interface TokenPlace {
  readonly signIn: SignIn;
  readonly client: RegisteredClient;
  readonly call: IdentityCenterCall;
}

/** Where people sign in to IAM Identity Center. Throws `aws-refused`, `network`, `deadline`, `config-unreadable` and `interrupted`. */
export interface SignInService {
  register(signIn: SignIn, flow: SignInFlow, call: IdentityCenterCall): Promise<RegisteredClient>;
  /** The page that a person opens. */
  authorizeUrl(signIn: SignIn, client: RegisteredClient, request: AuthorizeRequest): string;
  startDevice(signIn: SignIn, client: RegisteredClient, call: IdentityCenterCall): Promise<DeviceAuthorization>;
  /** Sent once, whatever happens: a code and a refresh token may be good for one time only. */
  exchange(grant: TokenGrant, at: TokenPlace): Promise<TokenOutcome>;
}

export interface PortalRole {
  readonly accountId: string;
  readonly roleName: string;
}

export interface PortalAccount {
  readonly accountId: string;
  readonly name: string;
  readonly email: string;
}

/** What a call to the portal is made with. */
export interface PortalCall extends IdentityCenterCall {
  readonly endpoint: ServiceEndpoint;
  readonly accessToken: Secret;
}

/**
 * The access portal. Throws `login-needed` for an access token that is not taken any more, and what `SignInService` throws. Lists are whole:
 * all pages, and again after a while where it is asked too often.
 */
export interface Portal {
  getRoleCredentials(role: PortalRole, call: PortalCall): Promise<Credentials>;
  listAccounts(call: PortalCall): Promise<readonly PortalAccount[]>;
  listRoles(accountId: string, call: PortalCall): Promise<readonly PortalRole[]>;
  /** Ends the sign-in at AWS. */
  logout(call: PortalCall): Promise<void>;
}

export interface AccessToken {
  readonly value: Secret;
  readonly expiresAt: EpochMs;
}

/** The sign-ins of this person. */
export interface SignIns {
  /**
   * One that will do for the next calls; made anew with the refresh token where need be, once for all who ask. `refused` was not taken by
   * the portal. Throws `login-needed` where only a person can go on.
   */
  accessToken(signIn: SignIn, call: IdentityCenterCall, refused?: AccessToken): Promise<AccessToken>;
  /** After a login. Throws what the store throws. */
  keep(signIn: SignIn, tokens: SignInTokens, call: IdentityCenterCall): Promise<void>;
  /** What the store has; undefined for nothing, or nothing that can be read. */
  stored(id: KeyId): Promise<SignInTokens | undefined>;
}

/** The sign-ins of `aws sso login`, which are read and never written. */
export interface ForeignSignIns {
  /** Undefined for none, and for what is over, half written, or of another place. Never throws. */
  read(signIn: SignIn): AccessToken | undefined;
}

export interface IdentityCenter {
  readonly service: SignInService;
  readonly portal: Portal;
  readonly signIns: SignIns;
}

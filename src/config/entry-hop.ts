// The hops that need no credentials before them: every way in other than an IAM user's keys. Types, and what can be said of them. Pure.
// Each has a reader in ways-in.ts and a file of its own under hops/.

import type { StsEndpoint } from '../ports/sts.ts';
import type { RoleRequest } from './recipe.ts';
import type { SignIn } from './sign-in.ts';

export type EntryHop = IdentityCenterHop | WebIdentityHop | MachineHop | ProcessHop | ConsoleHop | SamlHop | CertificateHop;

/** GetRoleCredentials of IAM Identity Center, with the access token of a sign-in. */
export interface IdentityCenterHop {
  readonly kind: 'identity-center';
  readonly signIn: SignIn;
  readonly accountId: string;
  readonly roleName: string;
}

/** AssumeRoleWithWebIdentity, with a token that is read anew for each call. */
export interface WebIdentityHop {
  readonly kind: 'web-identity';
  readonly token: TokenSource;
  readonly request: RoleRequest;
  readonly endpoint: StsEndpoint;
}

export type TokenSource =
  | { readonly kind: 'file'; readonly path: string }
  /** A command that prints it. */
  | { readonly kind: 'process'; readonly command: string };

/** The role of the machine or container that this runs on. */
export interface MachineHop {
  readonly kind: 'machine';
  readonly service: 'Ec2InstanceMetadata' | 'EcsContainer';
}

/** The output of another program's `credential_process`. */
export interface ProcessHop {
  readonly kind: 'process';
  readonly command: string;
}

/** A console sign-in of `aws login`. */
export interface ConsoleHop {
  readonly kind: 'console';
  readonly loginSession: string;
}

/** AssumeRoleWithSAML, with an assertion that a command prints. */
export interface SamlHop {
  readonly kind: 'saml';
  readonly command: string;
  readonly request: RoleRequest;
  readonly endpoint: StsEndpoint;
}

/** CreateSession of IAM Roles Anywhere, signed by a certificate's key. */
export interface CertificateHop {
  readonly kind: 'certificate';
  readonly request: RoleRequest;
}

/** The role that the hop itself assumes, as policies name it. */
export function entryRoleArn(hop: EntryHop): string | undefined {
  return 'request' in hop ? hop.request.roleArn : undefined;
}

/** For people: what the hop is. */
export function describeEntry(hop: EntryHop): string {
  switch (hop.kind) {
    case 'identity-center':
      return `role ${hop.roleName} in account ${hop.accountId} of IAM Identity Center ${hop.signIn.startUrl}`;
    case 'web-identity':
      return `${hop.request.roleArn} by web identity`;
    case 'machine':
      return hop.service === 'EcsContainer' ? 'the role of this container' : 'the role of this EC2 instance';
    case 'process':
      return 'the output of another credential_process';
    case 'console':
      return `console sign-in ${hop.loginSession}`;
    case 'saml':
      return `${hop.request.roleArn} by SAML`;
    case 'certificate':
      return `${hop.request.roleArn} by IAM Roles Anywhere`;
    default:
      return hop satisfies never;
  }
}

/** The call that makes its credentials, for `explain`. */
export function callOfEntry(hop: EntryHop): string {
  switch (hop.kind) {
    case 'identity-center':
      return `GetRoleCredentials ${hop.roleName}`;
    case 'web-identity':
      return `AssumeRoleWithWebIdentity ${hop.request.roleArn}`;
    case 'machine':
      return hop.service;
    case 'process':
      return 'the other program';
    case 'console':
      return 'CreateOAuth2Token';
    case 'saml':
      return `AssumeRoleWithSAML ${hop.request.roleArn}`;
    case 'certificate':
      return `CreateSession ${hop.request.roleArn}`;
    default:
      return hop satisfies never;
  }
}

/** True where a program of the person's has to run, which the agent must not do inside its sandbox (decisions.md 21). */
export function runsProgram(hop: EntryHop): boolean {
  return hop.kind === 'process' || hop.kind === 'saml' || (hop.kind === 'web-identity' && hop.token.kind === 'process');
}

// The hops that need no credentials before them: every way in other than an IAM user's keys. Types, and what can be said of them. Pure.
// Each has a reader in ways-in.ts and a file of its own under hops/.

import type { Secret } from '../credentials/secret.ts';
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
  readonly request: FederatedRequest;
  readonly endpoint: StsEndpoint;
}

/** What AssumeRoleWithWebIdentity takes, of AssumeRole's parameters. */
export type FederatedRequest = Pick<RoleRequest, 'roleArn' | 'roleSessionName' | 'durationSeconds' | 'policy' | 'policyArns'>;

export type TokenSource =
  | { readonly kind: 'file'; readonly path: string }
  /** A command that prints it. */
  | ({ readonly kind: 'process' } & NamedCommand);

/** A command of the person's own. */
export interface NamedCommand {
  readonly command: string;
  /** The config file: a project's own may name another program by the same words, `./credentials`. */
  readonly namedIn: string;
}

/** The role of the machine or container that this runs on. */
export type MachineHop = InstanceHop | ContainerHop;

/** The instance metadata service of EC2. */
export interface InstanceHop {
  readonly kind: 'machine';
  readonly service: 'Ec2InstanceMetadata';
  /** Without a slash at the end. */
  readonly url: string;
  /** The person has forbidden it (AWS_EC2_METADATA_DISABLED). */
  readonly isForbidden: boolean;
  /** May go on without a session token, as version 1 does, where the service gives none. */
  readonly allowsV1: boolean;
}

/** The credentials endpoint of a container of ECS or EKS, which the caller's environment names. */
export interface ContainerHop {
  readonly kind: 'machine';
  readonly service: 'EcsContainer';
  /** Absent where the environment names none: that of another caller may. */
  readonly url?: string;
  readonly authorization?: ContainerToken;
}

export type ContainerToken =
  /** By its digest the key id tells one token from another: each may be that of another role. */
  | { readonly kind: 'value'; readonly token: Secret; readonly digest: string }
  /** A file that is written anew from time to time. */
  | { readonly kind: 'file'; readonly path: string };

/** The output of another program's `credential_process`. */
export interface ProcessHop extends NamedCommand {
  readonly kind: 'process';
}

/** A console sign-in of `aws login`: out of its cache, which the AWS CLI keeps fresh. */
export interface ConsoleHop {
  readonly kind: 'console';
  /** The ARN of who signed in. */
  readonly loginSession: string;
}

/** AssumeRoleWithSAML, with an assertion that a command prints. */
export interface SamlHop extends NamedCommand {
  readonly kind: 'saml';
  /** The identity provider in IAM; absent: the assertion names it beside the role. */
  readonly principalArn?: string;
  readonly request: SamlRoleRequest;
  readonly endpoint: StsEndpoint;
}

/** The assertion names the session, and may say how long it is to last. */
export type SamlRoleRequest = Pick<RoleRequest, 'roleArn' | 'policy' | 'policyArns'> & { readonly durationSeconds?: number };

/** CreateSession of IAM Roles Anywhere, signed by a certificate's key. */
export interface CertificateHop {
  readonly kind: 'certificate';
  readonly files: CertificatePaths;
  readonly trustAnchorArn: string;
  /** Of the Roles Anywhere profile, which lists the roles. */
  readonly profileArn: string;
  readonly request: RoleRequest;
  /** Of IAM Roles Anywhere, in the region of the trust anchor. */
  readonly endpoint: StsEndpoint;
}

/** Absolute, or beginning with `~/`: as the configuration has them. */
export interface CertificatePaths {
  readonly certificate: string;
  /** Absent: the certificate's file holds the key as well. */
  readonly privateKey?: string;
  /** The certificates between it and the trust anchor. */
  readonly intermediates?: string;
}

/** The file that holds the private key, as the configuration has it. */
export function keyFileOf({ certificate, privateKey }: CertificatePaths): string {
  return privateKey ?? certificate;
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

/** The call of AWS that makes its credentials, for `explain`; undefined where they come from elsewhere. */
export function callOfEntry(hop: EntryHop): string | undefined {
  switch (hop.kind) {
    case 'identity-center':
      return `GetRoleCredentials ${hop.roleName}`;
    case 'web-identity':
      return `AssumeRoleWithWebIdentity ${hop.request.roleArn}`;
    case 'machine':
    case 'process':
    case 'console':
      return undefined;
    case 'saml':
      return `AssumeRoleWithSAML ${hop.request.roleArn}`;
    case 'certificate':
      return `CreateSession ${hop.request.roleArn}`;
    default:
      return hop satisfies never;
  }
}

/** For people: without the path, which is the whole secret of a task of ECS. Who knows it is given the role. */
export function describeContainer({ url }: ContainerHop): string {
  const place = url === undefined ? '' : ` at ${new URL(url).origin}`;
  return `the container's credentials endpoint${place}`;
}

/** What is read, run or asked before AWS is, for `explain`; undefined where nothing is. */
export function beforeEntry(hop: EntryHop): string | undefined {
  switch (hop.kind) {
    case 'identity-center':
      return undefined;
    case 'web-identity':
      return hop.token.kind === 'file' ? `${hop.token.path} is read` : runWords(hop);
    case 'machine':
      return hop.service === 'EcsContainer'
        ? `${describeContainer(hop)} is asked`
        : `the instance metadata service at ${hop.url} is asked`;
    case 'process':
      return runWords(hop);
    case 'console':
      return 'the cache of `aws login` is read, and the AWS CLI is run where little is left of what it holds';
    case 'saml':
      return runWords(hop);
    case 'certificate':
      return `${hop.files.certificate} is read`;
    default:
      return hop satisfies never;
  }
}

function runWords(hop: EntryHop): string {
  return `the command of ${programOf(hop) ?? ''} is run`;
}

/** The setting whose command has to run, which the agent must not do inside its sandbox (decisions.md 21); undefined where none has. */
export function programOf(hop: EntryHop): string | undefined {
  if (hop.kind === 'process') return 'credential_process';
  if (hop.kind === 'saml') return 'saml_process';
  return hop.kind === 'web-identity' && hop.token.kind === 'process' ? 'web_identity_token_process' : undefined;
}

import { describe, expect, it } from 'vitest';
import {
  beforeEntry,
  callOfEntry,
  describeContainer,
  describeEntry,
  type EntryHop,
  entryRoleArn,
  keyFileOf,
  programOf,
} from '../../src/config/entry-hop.ts';

const roleArn = 'arn:aws:iam::222233334444:role/Dev';
const endpoint = { region: 'eu-west-1', useFips: false, useDualstack: false, useGlobal: false };
const service = { region: 'eu-west-1', useFips: false, useDualstack: false };
const request = { roleArn, durationSeconds: 3600 };
const instance = { kind: 'machine', service: 'Ec2InstanceMetadata', url: 'http://169.254.169.254' } as const;
const container = { kind: 'machine', service: 'EcsContainer' } as const;

interface Said {
  readonly words: string;
  readonly roleArn?: string;
  readonly call?: string;
  readonly before?: string;
  readonly program?: string;
}

const hops: readonly (readonly [string, EntryHop, Said])[] = [
  [
    'IAM Identity Center',
    {
      kind: 'identity-center',
      signIn: { startUrl: 'https://corp.example/start', scopes: [], oidc: service, portal: service },
      accountId: '222233334444',
      roleName: 'Admin',
    },
    {
      words: 'role Admin in account 222233334444 of IAM Identity Center https://corp.example/start',
      call: 'GetRoleCredentials Admin',
    },
  ],
  [
    'a token in a file',
    { kind: 'web-identity', token: { kind: 'file', path: '/token' }, request, endpoint },
    {
      words: `${roleArn} by web identity`,
      roleArn,
      call: `AssumeRoleWithWebIdentity ${roleArn}`,
      before: '/token is read',
    },
  ],
  [
    'a token that a program prints',
    { kind: 'web-identity', token: { kind: 'process', command: 'print', namedIn: 'config' }, request, endpoint },
    {
      words: `${roleArn} by web identity`,
      roleArn,
      call: `AssumeRoleWithWebIdentity ${roleArn}`,
      before: 'the command of web_identity_token_process is run',
      program: 'web_identity_token_process',
    },
  ],
  [
    'an instance',
    { ...instance, isForbidden: false, allowsV1: false },
    { words: 'the role of this EC2 instance', before: 'the instance metadata service at http://169.254.169.254 is asked' },
  ],
  [
    'a container',
    { ...container, url: 'http://169.254.170.2/v2/credentials/secret' },
    {
      words: 'the role of this container',
      before: "the container's credentials endpoint at http://169.254.170.2 is asked",
    },
  ],
  [
    'a container that nothing names',
    container,
    { words: 'the role of this container', before: "the container's credentials endpoint is asked" },
  ],
  [
    'another program',
    { kind: 'process', command: 'print', namedIn: 'config' },
    {
      words: 'the output of another credential_process',
      before: 'the command of credential_process is run',
      program: 'credential_process',
    },
  ],
  [
    'a console sign-in',
    { kind: 'console', loginSession: 'arn:aws:iam::1:user/a' },
    {
      words: 'console sign-in arn:aws:iam::1:user/a',
      before: 'the cache of `aws login` is read, and the AWS CLI is run where little is left of what it holds',
    },
  ],
  [
    'SAML',
    { kind: 'saml', command: 'print', namedIn: 'config', request: { roleArn }, endpoint },
    {
      words: `${roleArn} by SAML`,
      roleArn,
      call: `AssumeRoleWithSAML ${roleArn}`,
      before: 'the command of saml_process is run',
      program: 'saml_process',
    },
  ],
  [
    'a certificate',
    {
      kind: 'certificate',
      files: { certificate: '/c.pem', privateKey: '/c.key' },
      trustAnchorArn: 'anchor',
      profileArn: 'profile',
      request,
      endpoint,
    },
    { words: `${roleArn} by IAM Roles Anywhere`, roleArn, call: `CreateSession ${roleArn}`, before: '/c.pem is read' },
  ],
];

describe('a way in', () => {
  it.each(hops)(
    'by %s: what it is, the role, the call, what comes before, and which setting has a command',
    (_what, hop, said) => {
      expect(describeEntry(hop)).toBe(said.words);
      expect(entryRoleArn(hop)).toBe(said.roleArn);
      expect(callOfEntry(hop)).toBe(said.call);
      expect(beforeEntry(hop)).toBe(said.before);
      expect(programOf(hop)).toBe(said.program);
    },
  );

  it("a container's endpoint is named without its path, which is a secret", () => {
    expect(describeContainer({ ...container, url: 'http://localhost:81/secret' })).toBe(
      "the container's credentials endpoint at http://localhost:81",
    );
    expect(describeContainer(container)).toBe("the container's credentials endpoint");
  });

  it("a certificate's key is in a file of its own, or with the certificate", () => {
    expect(keyFileOf({ certificate: '/c.pem', privateKey: '/c.key' })).toBe('/c.key');
    expect(keyFileOf({ certificate: '/c.pem' })).toBe('/c.pem');
  });
});

// An identity provider of the tests: makes and signs web identity tokens, and SAML assertions in the form that the double takes.

import { generateKeyPairSync, sign } from 'node:crypto';
import type { DoubleProvider } from '../../src/sandbox/sts-double-world.ts';

export interface IdentityProvider {
  /** As IAM knows it, for tokens and for assertions. */
  readonly oidc: DoubleProvider;
  readonly saml: DoubleProvider;
  /** A token that ends in an hour, with these claims over the usual ones. */
  token(claims?: Readonly<Record<string, unknown>>): string;
  /** In base64. */
  assertion(of: AssertionParts): string;
}

export interface AssertionParts {
  readonly roles: readonly string[];
  /** The provider's own when absent. */
  readonly principalArn?: string;
  readonly issuedAt?: number;
  readonly audience?: string;
  readonly sessionName?: string;
  readonly sessionSeconds?: number;
  /** Of the elements: `saml:` when absent. */
  readonly prefix?: string;
}

const account = '222233334444';
const issuer = 'https://issuer.example';
const samlAudience = 'https://signin.aws.amazon.com/saml';

/** Its time is the caller's. */
export function openIdentityProvider(now: () => number = Date.now): IdentityProvider {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const signed = (text: string) => sign('RSA-SHA256', Buffer.from(text), privateKey);
  const principal = `arn:aws:iam::${account}:saml-provider/office`;
  return {
    oidc: {
      kind: 'oidc',
      arn: `arn:aws:iam::${account}:oidc-provider/issuer.example`,
      issuer,
      audiences: ['sts.amazonaws.com'],
      publicKey: pem,
    },
    saml: { kind: 'saml', arn: principal, issuer: 'https://office.example/saml', audiences: [], publicKey: pem },
    token: (claims) => {
      const seconds = Math.floor(now() / 1000);
      const all = { iss: issuer, aud: 'sts.amazonaws.com', sub: 'pod:one', iat: seconds, exp: seconds + 3600, ...claims };
      const text = [{ alg: 'RS256', typ: 'JWT' }, all]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.');
      return `${text}.${signed(text).toString('base64url')}`;
    },
    assertion: (parts) => {
      const xml = assertionXml({ principalArn: principal, issuedAt: now(), ...parts });
      const signature = signed(xml).toString('base64');
      return Buffer.from(xml.replace('SignatureValue></', `SignatureValue>${signature}</`)).toString('base64');
    },
  };
}

function assertionXml(parts: AssertionParts & { readonly principalArn: string; readonly issuedAt: number }): string {
  const {
    roles,
    principalArn,
    issuedAt,
    audience = samlAudience,
    sessionName = 'alice@office.example',
    prefix = 'saml:',
  } = parts;
  const [start, end] = [new Date(issuedAt).toISOString(), new Date(issuedAt + 5 * 60_000).toISOString()];
  const attribute = (name: string, values: readonly string[]) =>
    `<${prefix}Attribute Name="https://aws.amazon.com/SAML/Attributes/${name}">${values
      .map((value) => `<${prefix}AttributeValue>${value}</${prefix}AttributeValue>`)
      .join('')}</${prefix}Attribute>`;
  const declaration = prefix === '' ? 'xmlns' : `xmlns:${prefix.slice(0, -1)}`;
  return `<?xml version="1.0"?>
<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="r" Version="2.0" IssueInstant="${start}">
<${prefix}Assertion ${declaration}="urn:oasis:names:tc:SAML:2.0:assertion" ID="a" Version="2.0" IssueInstant="${start}">
<${prefix}Issuer>https://office.example/saml</${prefix}Issuer>
<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignatureValue></ds:SignatureValue></ds:Signature>
<${prefix}Subject><${prefix}NameID>alice</${prefix}NameID><${prefix}SubjectConfirmation>
<${prefix}SubjectConfirmationData NotOnOrAfter="${end}" Recipient="${samlAudience}"/></${prefix}SubjectConfirmation></${prefix}Subject>
<${prefix}Conditions NotBefore="${start}" NotOnOrAfter="${end}"><${prefix}AudienceRestriction>
<${prefix}Audience>${audience}</${prefix}Audience></${prefix}AudienceRestriction></${prefix}Conditions>
<${prefix}AttributeStatement>
${attribute(
  'Role',
  roles.map((role) => `${role},${principalArn}`),
)}
${attribute('RoleSessionName', [sessionName])}
${parts.sessionSeconds === undefined ? '' : attribute('SessionDuration', [String(parts.sessionSeconds)])}
</${prefix}AttributeStatement>
</${prefix}Assertion>
</samlp:Response>
`;
}

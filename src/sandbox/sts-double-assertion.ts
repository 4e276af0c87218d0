// Whether the double takes a SAML assertion: issuer, audience, recipient, time, and the pair of role and provider. The signature is simpler
// than XML-DSig: RS256 over the text itself with an empty SignatureValue, so that no canonical form is needed.

import { verify } from 'node:crypto';
import type { SamlParams } from './sts-double-params.ts';
import { Refusal } from './sts-double-refusal.ts';
import type { World } from './sts-double-world.ts';

export interface AssertionOutcome {
  readonly subject: string;
  readonly sessionName: string;
  readonly issuer: string;
  readonly audience: string;
}

const audience = 'https://signin.aws.amazon.com/saml';
const attributePrefix = 'https://aws.amazon.com/SAML/Attributes/';
/** AWS takes an assertion for five minutes. */
const redeemMs = 5 * 60_000;

/** Throws `Refusal` in AWS's words. */
export function checkAssertion({ assertion, roleArn, principalArn }: SamlParams, world: World): AssertionOutcome {
  const text = Buffer.from(assertion, 'base64').toString('utf8');
  const issuer = elementText(text, 'Issuer');
  const provider = world.providers.find(({ kind, arn }) => kind === 'saml' && arn === principalArn);
  if (provider === undefined) throw untaken("Specified provider doesn't exist");
  if (issuer !== provider.issuer) throw untaken('Issuer not present in specified provider');
  if (!isSigned(text, provider.publicKey)) throw untaken('Response signature invalid');
  if (elementText(text, 'Audience') !== audience) throw untaken('Audience is not valid');
  if (attributeOf(text, 'SubjectConfirmationData', 'Recipient') !== audience) throw untaken('Recipient is not valid');
  const [issuedAt, end] = [attributeOf(text, 'Assertion', 'IssueInstant'), attributeOf(text, 'Conditions', 'NotOnOrAfter')];
  if (world.now() >= Date.parse(issuedAt) + redeemMs) throw expired('Token must be redeemed within 5 minutes of issuance');
  if (!(world.now() < Date.parse(end))) throw expired('Assertion has expired');
  const pairs = valuesOf(text, 'Role').map((value) => value.split(',').map((part) => part.trim()));
  if (!pairs.some((pair) => pair.includes(roleArn) && pair.includes(principalArn))) {
    throw new Refusal('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithSAML', 403);
  }
  const [sessionName] = valuesOf(text, 'RoleSessionName');
  if (sessionName === undefined || !/^[\w+=,.@-]{2,64}$/.test(sessionName)) {
    throw untaken('RoleSessionName is required in AuthnResponse');
  }
  return { subject: elementText(text, 'NameID'), sessionName, issuer, audience };
}

function isSigned(text: string, publicKey: string): boolean {
  const signature = elementText(text, 'SignatureValue');
  const signed = text.replace(`>${signature}</`, '></');
  return signature !== '' && verify('RSA-SHA256', Buffer.from(signed), publicKey, Buffer.from(signature, 'base64'));
}

function elementText(text: string, name: string): string {
  return new RegExp(`<(?:\\w+:)?${name}(?:\\s[^>]*)?>([^<]*)<`).exec(text)?.[1]?.trim() ?? '';
}

function attributeOf(text: string, element: string, name: string): string {
  return new RegExp(`<(?:\\w+:)?${element}\\s[^>]*\\b${name}="([^"]*)"`).exec(text)?.[1] ?? '';
}

function valuesOf(text: string, attribute: string): readonly string[] {
  const [, inner = ''] =
    new RegExp(`<(?:\\w+:)?Attribute\\s[^>]*Name="${attributePrefix}${attribute}"[^>]*>(.*?)</(?:\\w+:)?Attribute>`, 's').exec(
      text,
    ) ?? [];
  return [...inner.matchAll(/<(?:\w+:)?AttributeValue[^>]*>([^<]*)</g)].map(([, value = '']) => value.trim());
}

function untaken(message: string): Refusal {
  return new Refusal('InvalidIdentityToken', message, 400);
}

function expired(message: string): Refusal {
  return new Refusal('ExpiredTokenException', message, 400);
}

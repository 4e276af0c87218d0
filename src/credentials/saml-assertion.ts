// Reads out of a SAML assertion what AssumeRoleWithSAML has to be told besides. Pure. Judges nothing: AWS checks signature, audience and time.
// The only importer of saxes, which is strict, knows namespaces, and neither expands entities of a DTD nor fetches anything.

import { SaxesParser } from 'saxes';

export type ReadAssertion =
  | {
      readonly kind: 'read';
      readonly pairs: readonly RolePair[];
      /** How long the identity provider wants a session to last, within AWS's limits. */
      readonly sessionSeconds?: number;
    }
  /** Only AWS can read it. */
  | { readonly kind: 'encrypted' }
  | { readonly kind: 'problem'; readonly problem: string };

/** A value of the attribute Role: the provider in IAM may come first or last. */
export interface RolePair {
  readonly roleArn: string;
  readonly principalArn: string;
}

/** `base64` without blanks, at most as long as AWS takes. */
export function readAssertion(base64: string): ReadAssertion {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return problem('it is not in base64');
  const xml = Buffer.from(base64, 'base64').toString('utf8');
  try {
    const { attributes, isEncrypted } = attributesIn(xml);
    if (isEncrypted && attributes.size === 0) return { kind: 'encrypted' };
    const pairs = (attributes.get(`${prefix}Role`) ?? []).flatMap((value) => pairIn(value) ?? []);
    const seconds = Number(attributes.get(`${prefix}SessionDuration`)?.[0]);
    return { kind: 'read', pairs, ...(seconds >= 900 && seconds <= 43_200 ? { sessionSeconds: seconds } : {}) };
  } catch (error) {
    if (!(error instanceof XmlProblem)) throw error;
    return problem(error.message);
  }
}

const prefix = 'https://aws.amazon.com/SAML/Attributes/';
const namespace = 'urn:oasis:names:tc:SAML:2.0:assertion';
/** A response has about ten. */
const deepest = 50;

class XmlProblem extends Error {}

interface Attributes {
  readonly attributes: ReadonlyMap<string, readonly string[]>;
  readonly isEncrypted: boolean;
}

/** Throws `XmlProblem`. */
function attributesIn(xml: string): Attributes {
  const attributes = new Map<string, string[]>();
  let [depth, isEncrypted] = [0, false];
  let values: string[] | undefined;
  // A value's text may come in pieces: comments divide it, and must not cut it off.
  let text: string | undefined;
  const parser = new SaxesParser({ xmlns: true });
  parser.on('error', () => {
    throw new XmlProblem('it is no well-formed XML');
  });
  parser.on('doctype', () => {
    throw new XmlProblem('it has a document type, which no assertion has');
  });
  parser.on('opentag', ({ uri, local, attributes: given }) => {
    if (++depth > deepest) throw new XmlProblem('its elements are nested too deeply');
    if (uri !== namespace) return;
    if (local === 'EncryptedAssertion') isEncrypted = true;
    if (local === 'AttributeValue') text = '';
    if (local !== 'Attribute') return;
    const name = given['Name']?.value ?? '';
    values = attributes.get(name) ?? [];
    attributes.set(name, values);
  });
  const collect = (piece: string) => {
    if (text !== undefined) text += piece;
  };
  parser.on('text', collect);
  parser.on('cdata', collect);
  parser.on('closetag', ({ uri, local }) => {
    depth -= 1;
    if (uri !== namespace || local !== 'AttributeValue' || text === undefined) return;
    values?.push(text);
    text = undefined;
  });
  parser.write(xml).close();
  return { attributes, isEncrypted };
}

/** Each of the two has 2,048 characters at most, at AWS. */
const longestPair = 4_200;

function pairIn(value: string): RolePair | undefined {
  if (value.length > longestPair) return undefined;
  const arns = value.split(',').map((arn) => arn.trim());
  const roleArn = arns.find((arn) => /^arn:[^:]+:iam::\d{12}:role\//.test(arn));
  const principalArn = arns.find((arn) => /^arn:[^:]+:iam::\d{12}:saml-provider\//.test(arn));
  return roleArn === undefined || principalArn === undefined ? undefined : { roleArn, principalArn };
}

function problem(words: string): ReadAssertion {
  return { kind: 'problem', problem: words };
}

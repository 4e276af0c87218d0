import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAssertion } from '../../src/credentials/saml-assertion.ts';

const role = 'arn:aws:iam::222233334444:role/Office';
const provider = 'arn:aws:iam::222233334444:saml-provider/office';
const namespace = 'urn:oasis:names:tc:SAML:2.0:assertion';

function read(xml: string) {
  return readAssertion(Buffer.from(xml).toString('base64'));
}

function assertion(inner: string, name = 'https://aws.amazon.com/SAML/Attributes/Role'): string {
  return `<Assertion xmlns="${namespace}"><AttributeStatement><Attribute Name="${name}">${inner}</Attribute></AttributeStatement></Assertion>`;
}

const value = (text: string) => `<AttributeValue>${text}</AttributeValue>`;
const pair = { roleArn: role, principalArn: provider };

describe('readAssertion', () => {
  it.each([
    ['the role first', value(`${role},${provider}`)],
    ['the provider first', value(`${provider},${role}`)],
    ['with blanks', value(`\n  ${role} , ${provider}\n`)],
    ['as character data', value(`<![CDATA[${role},${provider}]]>`)],
    ['with entities', value(`${role}&#44;${provider}`)],
    // A comment cut a value in two, and only its beginning was read: the fault that many SAML programs had in 2018.
    ['around a comment', value(`${role},<!-- x -->${provider}`)],
  ])('finds the pair, %s', (_what, inner) => {
    expect(read(assertion(inner))).toEqual({ kind: 'read', pairs: [pair] });
  });

  it('finds all pairs, and passes over what is none', () => {
    const inner = [`${role},${provider}`, 'nonsense', role, `${role}2,${provider}`].map(value).join('');
    expect(read(assertion(inner))).toEqual({ kind: 'read', pairs: [pair, { ...pair, roleArn: `${role}2` }] });
  });

  it.each([
    ['900', 900],
    ['43200', 43_200],
    ['899', undefined],
    ['43201', undefined],
    ['soon', undefined],
  ])('SessionDuration %s is %s', (text, seconds) => {
    const found = read(assertion(value(text), 'https://aws.amazon.com/SAML/Attributes/SessionDuration'));
    expect(found).toEqual({ kind: 'read', pairs: [], ...(seconds === undefined ? {} : { sessionSeconds: seconds }) });
  });

  it('elements of another namespace mean nothing', () => {
    expect(read(assertion(value(`${role},${provider}`)).replace(namespace, 'urn:other'))).toEqual({ kind: 'read', pairs: [] });
  });

  it.each([
    ['text', 'nothing'],
    ['an open element', '<a>'],
    ['two roots', '<a/><b/>'],
    ['an unknown entity', '<a>&x;</a>'],
    ['an unknown prefix', '<x:a/>'],
    ['a document type', '<!DOCTYPE a><a/>'],
    ['entities that grow', '<!DOCTYPE a [<!ENTITY b "cccccccccc"><!ENTITY d "&b;&b;&b;&b;">]><a>&d;</a>'],
    ['an entity from a file', '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'],
    ['too many levels', '<a>'.repeat(60) + '</a>'.repeat(60)],
  ])('%s is a problem in words', (_what, xml) => {
    expect(read(xml)).toMatchObject({ kind: 'problem' });
  });

  it('never throws, whatever is in it', () => {
    const pieces = fc.constantFrom(
      '<',
      '>',
      '</',
      '/>',
      '&',
      ';',
      '"',
      '=',
      ' ',
      'a',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<?',
      'xmlns',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(pieces, { maxLength: 40 }).map((all) => all.join('')),
          fc.string(),
        ),
        (xml) => {
          expect(['read', 'encrypted', 'problem']).toContain(read(xml).kind);
        },
      ),
    );
  });
});

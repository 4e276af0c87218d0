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
const noXml = 'it is no well-formed XML';
const docType = 'it has a document type, which no assertion has';

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

  it.each([
    ['elements of another namespace', assertion(value(`${role},${provider}`)).replace(namespace, 'urn:other')],
    [
      'an attribute of another namespace',
      assertion(value(`${role},${provider}`))
        .replaceAll('Attribute ', 'x:Attribute xmlns:x="urn:other" ')
        .replace('</Attribute>', '</x:Attribute>'),
    ],
    ['an attribute without a name', assertion(value(`${role},${provider}`)).replace(/ Name="[^"]*"/, '')],
    ['an attribute of another name', assertion(value(`${role},${provider}`), 'Role')],
    ['a value without an attribute', `<Assertion xmlns="${namespace}">${value(`${role},${provider}`)}</Assertion>`],
    ['an assertion without attributes', `<Assertion xmlns="${namespace}"/>`],
    ['a role that is none', assertion(value(`x${role},${provider}`))],
    ['a provider that is none', assertion(value(`${role},x${provider}`))],
    ['a provider alone', assertion(value(`other,${provider}`))],
  ])('%s means nothing', (_what, xml) => {
    expect(read(xml)).toEqual({ kind: 'read', pairs: [] });
  });

  it.each([
    ['of the same namespace', `${role},<NameID/>${provider}`],
    ['of another one, with the same name', `${role},<x:AttributeValue xmlns:x="urn:other"/>${provider}`],
  ])('an element %s within a value does not divide it', (_which, inner) => {
    expect(read(assertion(value(inner)))).toEqual({ kind: 'read', pairs: [pair] });
  });

  it('a value within a value is one of its own', () => {
    expect(read(assertion(value(`a${value(`${role},${provider}`)}b`)))).toEqual({ kind: 'read', pairs: [pair] });
  });

  it('what follows a value within a value belongs to none', () => {
    expect(read(assertion(value(`${value('x')},${role},${provider}`)))).toEqual({ kind: 'read', pairs: [] });
  });

  it('counts the levels, not the elements', () => {
    const many = Array.from({ length: 60 }, () => pair);
    expect(read(assertion(value(`${role},${provider}`).repeat(60)))).toEqual({ kind: 'read', pairs: many });
  });

  it.each([
    [4_200, [pair]],
    [4_201, []],
  ])('a value of %i characters has the pairs %j', (length, pairs) => {
    expect(read(assertion(value(`${role},${provider}`.padEnd(length))))).toEqual({ kind: 'read', pairs });
  });

  it('only AWS can read an encrypted one, unless something else is there to read', () => {
    const encrypted = `<EncryptedAssertion xmlns="${namespace}"/>`;
    expect(read(encrypted)).toEqual({ kind: 'encrypted' });
    const both = `<Response>${encrypted}${assertion(value(`${role},${provider}`))}</Response>`;
    expect(read(both)).toEqual({ kind: 'read', pairs: [pair] });
  });

  it.each([
    ['text', 'nothing', noXml],
    ['an open element', '<a>', noXml],
    ['two roots', '<a/><b/>', noXml],
    ['an unknown entity', '<a>&x;</a>', noXml],
    ['an unknown prefix', '<x:a/>', noXml],
    ['a document type', '<!DOCTYPE a><a/>', docType],
    ['entities that grow', '<!DOCTYPE a [<!ENTITY b "cccccccccc"><!ENTITY d "&b;&b;&b;&b;">]><a>&d;</a>', docType],
    ['an entity from a file', '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', docType],
    ['51 levels', '<a>'.repeat(51) + '</a>'.repeat(51), 'its elements are nested too deeply'],
  ])('%s is a problem in words', (_what, xml, problem) => {
    expect(read(xml)).toEqual({ kind: 'problem', problem });
  });

  it('50 levels are no problem', () => {
    expect(read('<a>'.repeat(50) + '</a>'.repeat(50)).kind).toBe('read');
  });

  it.each(['', '*PGEvPg==', 'PGEvPg==*', 'PGEvPg==='])('%j is not in base64', (text) => {
    expect(readAssertion(text)).toEqual({ kind: 'problem', problem: 'it is not in base64' });
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

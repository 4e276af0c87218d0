// A SAML assertion as a person's program prints it, before it is in base64: XML that an identity provider, or anybody, has written.

import { readAssertion } from '../../../src/credentials/saml-assertion.ts';
import { must, pureTarget } from '../target.ts';

export const samlAssertionTarget = pureTarget({
  name: 'saml-assertion',
  tokens: [
    ...[
      '<s:Attribute Name="https://aws.amazon.com/SAML/Attributes/Role">',
      '</s:Attribute>',
      '<s:AttributeValue>',
      '</s:AttributeValue>',
    ],
    ...['<s:EncryptedAssertion/>', '<!--', '-->', '<![CDATA[', ']]>', '<!DOCTYPE a [<!ENTITY e "e">]>', '&e;', '&#0;', '&amp;'],
    ...[
      'arn:aws:iam::222233334444:role/A',
      ',',
      'arn:aws:iam::222233334444:saml-provider/B',
      '900',
      'SessionDuration',
      '<a>',
      '\0',
    ],
  ],
  endings: ['pairs', 'no pairs', 'encrypted', 'problem'],
  check: (input) => {
    const read = readAssertion(input.toString('base64'));
    if (read.kind !== 'read') return read.kind;
    const text = input.toString('utf8');
    must(!/<!DOCTYPE/.test(text.replace(/<!--.*?-->|<!\[CDATA\[.*?\]\]>/gs, '')), 'a document type is refused');
    const { pairs, sessionSeconds = 900 } = read;
    must(sessionSeconds >= 900 && sessionSeconds <= 43_200, "a duration is within AWS's limits");
    must(
      pairs.every(({ roleArn, principalArn }) => roleArn.includes(':role/') && principalArn.includes(':saml-provider/')),
      'a pair is a role and a provider',
    );
    return pairs.length > 0 ? 'pairs' : 'no pairs';
  },
});

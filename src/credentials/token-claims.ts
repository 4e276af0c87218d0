// What a web identity token says of itself, for messages. Pure. Checks nothing: AWS does.

import { isFields, isText, parseJson } from './json.ts';

/** `issued by https://… for sts.amazonaws.com, subject repo:…`; undefined for what is no JSON Web Token. Never the token itself. */
export function claimsInWords(token: string): string | undefined {
  const claims = claimsOf(token);
  if (claims === undefined) return undefined;
  const words = [
    ['issued by', claims['iss']],
    ['for', claims['aud']],
    ['subject', claims['sub']],
  ].flatMap(([label, value]) => {
    const text = [value].flat().filter(isText).join(' and ');
    return text === '' ? [] : [`${String(label)} ${text.slice(0, longestClaim)}`];
  });
  return words.length === 0 ? undefined : words.join(', ');
}

const longestClaim = 200;

function claimsOf(token: string): Readonly<Record<string, unknown>> | undefined {
  const [, body = '', signature] = token.split('.');
  if (signature === undefined) return undefined;
  const claims = parseJson(Buffer.from(body, 'base64url').toString('utf8'));
  return isFields(claims) ? claims : undefined;
}

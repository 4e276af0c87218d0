// What STS takes: one parse function for each parameter, from its text in the config to its value. Pure; nothing here throws.
// Limits: the STS API reference of AssumeRole and GetSessionToken, and the patterns of AWS's own service model.

import { isFields, parseJson } from '../credentials/json.ts';

export type Checked<T> = { readonly kind: 'ok'; readonly value: T } | { readonly kind: 'problem'; readonly problem: string };

/** The serial number of an MFA device: a hardware token's own, or the ARN of a virtual device. Not a security key's. */
export function parseSerial(raw: string): Checked<string> {
  // AssumeRole and GetSessionToken take six digits and nothing else; a key answers challenges in a browser.
  if (/:(u2f|fido|passkey)\//i.test(raw)) {
    return problem(
      'a passkey or security key cannot be used with this API of AWS; register an authenticator app (TOTP) or a hardware code device for the same user, and give its ARN',
    );
  }
  return checkText(raw, { min: 9, max: 256, taken: /[\w+=/:,.@-]/, inWords: 'letters, digits and _+=/:,.@-' });
}

export function parseRoleArn(raw: string): Checked<string> {
  const pattern = /^arn:aws[a-z-]*:iam::\d{12}:role\/([!-~]{1,512}\/)?[\w+=,.@-]{1,64}$/;
  return pattern.test(raw) ? ok(raw) : problem(`${shown(raw)} is not a role's ARN, as arn:aws:iam::123456789012:role/NAME`);
}

/** The ARN of a SAML identity provider in IAM. */
export function parseSamlProviderArn(raw: string): Checked<string> {
  const pattern = /^arn:aws[a-z-]*:iam::\d{12}:saml-provider\/[\w+=,.@-]{1,128}$/;
  return pattern.test(raw)
    ? ok(raw)
    : problem(`${shown(raw)} is not a provider's ARN, as arn:aws:iam::123456789012:saml-provider/NAME`);
}

/** Seconds. */
export function parseRoleDuration(raw: string): Checked<number> {
  return parseSeconds(raw, { min: 900, max: 43_200 });
}

/** Seconds. */
export function parseSessionDuration(raw: string): Checked<number> {
  return parseSeconds(raw, { min: 900, max: 129_600 });
}

export function parseSessionName(raw: string): Checked<string> {
  return checkText(raw, sessionName);
}

export function parseExternalId(raw: string): Checked<string> {
  return checkText(raw, { min: 2, max: 1224, taken: /[\w+=,.@:/-]/, inWords: 'letters, digits and _+=,.@:/-' });
}

export function parseSourceIdentity(raw: string): Checked<string> {
  return raw.startsWith('aws:') ? problem(reserved(raw)) : checkText(raw, sessionName);
}

/** An inline session policy. The text stays as it was written, so that its length is the one AWS counts. */
export function parsePolicy(raw: string): Checked<string> {
  const text = raw.trim();
  if (text.length > maxPolicyCharacters) return problem(`is longer than ${maxPolicyCharacters} characters, AWS's limit`);
  const odd = [...text].find((character) => !/[\t\n\r\u0020-\u00ff]/.test(character));
  if (odd !== undefined) return problem(`AWS takes no ${shown(odd)} in a policy`);
  return isFields(parseJson(text)) ? ok(text) : problem('is not a JSON object');
}

/** ARNs of managed policies, separated by commas or line ends. */
export function parsePolicyArns(raw: string): Checked<readonly string[]> {
  const arns = parseList(raw, 10);
  if (arns.kind === 'problem') return arns;
  const wrong = arns.value.find((arn) => !/^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/[!-~]{1,640}$/.test(arn));
  if (wrong !== undefined) return problem(`${shown(wrong)} is not a policy's ARN, as arn:aws:iam::aws:policy/ReadOnlyAccess`);
  return arns;
}

/** What is wrong with inline and managed policies together, each of which is right for itself. */
export function policySizeProblem(policy: string | undefined, arns: readonly string[] | undefined): string | undefined {
  const characters = [policy ?? '', ...(arns ?? [])].join('').length;
  if (characters <= maxPolicyCharacters) return undefined;
  return `policy and policy_arns have ${characters} characters together, and AWS takes ${maxPolicyCharacters}`;
}

/** `key=value, key2=value2`. A key ends at the first `=`; a value may be empty. */
export function parseTags(raw: string): Checked<Readonly<Record<string, string>>> {
  const pairs = parseList(raw, maxTags);
  if (pairs.kind === 'problem') return pairs;
  const tags = new Map<string, string>();
  for (const pair of pairs.value) {
    const [key = '', ...rest] = pair.split('=');
    if (rest.length === 0) return problem(`${shown(pair)} has no "=": write key=value, key2=value2`);
    const [tagKey, tagValue] = [parseTagKey(key.trim()), parseTagValue(rest.join('=').trim())];
    if (tagKey.kind === 'problem') return tagKey;
    if (tagValue.kind === 'problem') return problem(`the value of ${shown(tagKey.value)} ${tagValue.problem}`);
    tags.set(tagKey.value, tagValue.value);
  }
  const twice = doubled(pairs.value.map((pair) => pair.slice(0, pair.indexOf('=')).trim()));
  return twice === undefined ? ok(Object.fromEntries(tags)) : problem(`the key ${shown(twice)} is there twice`);
}

/** Comma separated. A key need not be among the tags: the session may have inherited it. */
export function parseTransitiveTagKeys(raw: string): Checked<readonly string[]> {
  const keys = parseList(raw, maxTags);
  if (keys.kind === 'problem') return keys;
  const wrong = keys.value.map(parseTagKey).find((key) => key.kind === 'problem');
  if (wrong?.kind === 'problem') return wrong;
  const twice = doubled(keys.value);
  return twice === undefined ? keys : problem(`the key ${shown(twice)} is there twice`);
}

/** A valid session name for any text: what AWS does not take becomes `-`. */
export function sanitizeSessionName(text: string): string {
  return text
    .replace(/[^\w+=,.@-]/gu, '-')
    .slice(0, sessionName.max)
    .padEnd(sessionName.min, '-');
}

interface TextLimits {
  readonly min: number;
  readonly max: number;
  /** For one character at a time. */
  readonly taken: RegExp;
  readonly inWords: string;
}

const sessionName: TextLimits = { min: 2, max: 64, taken: /[\w+=,.@-]/, inWords: 'letters, digits and _+=,.@-' };
const tagWords = 'letters, digits, spaces and _.:/=+-@';
const maxPolicyCharacters = 2048;
const maxTags = 50;

// The whole text is not repeated: an external id is somebody's to keep quiet about.
function checkText(raw: string, { min, max, taken, inWords }: TextLimits): Checked<string> {
  const odd = [...raw].find((character) => !taken.test(character));
  if (odd !== undefined) return problem(`may not contain ${shown(odd)}: only ${inWords}`);
  if (raw.length < min || raw.length > max) return problem(`has ${raw.length} characters, and AWS takes ${min} to ${max}`);
  return ok(raw);
}

function parseSeconds(raw: string, { min, max }: { readonly min: number; readonly max: number }): Checked<number> {
  const seconds = /^\d{1,9}$/.test(raw) ? Number(raw) : Number.NaN;
  if (seconds >= min && seconds <= max) return ok(seconds);
  return problem(`${shown(raw)} is not a number of seconds from ${min} to ${max}`);
}

function parseTagKey(key: string): Checked<string> {
  if (/^aws:/i.test(key)) return problem(reserved(key));
  const checked = checkText(key, { min: 1, max: 128, taken: tagCharacter(), inWords: tagWords });
  return checked.kind === 'ok' ? checked : problem(`the key ${shown(key)} ${checked.problem}`);
}

function parseTagValue(value: string): Checked<string> {
  return checkText(value, { min: 0, max: 256, taken: tagCharacter(), inWords: tagWords });
}

// Made when there are tags: V8 builds \p{…} out of ICU's tables where the expression stands, at the start of each process if need be.
function tagCharacter(): RegExp {
  return /[\p{L}\p{Z}\p{N}_.:/=+\-@]/u;
}

function parseList(raw: string, max: number): Checked<readonly string[]> {
  const parts = raw
    .split(/[,\r\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length === 0) return problem('names nothing');
  return parts.length > max ? problem(`has ${parts.length} entries, and AWS takes ${max}`) : ok(parts);
}

// Tag keys keep their case, but AWS tells none apart by it.
function doubled(keys: readonly string[]): string | undefined {
  const folded = keys.map((key) => key.toLowerCase());
  return keys.find((key, index) => folded.indexOf(key.toLowerCase()) < index);
}

function reserved(text: string): string {
  return `${shown(text)} begins with aws:, which AWS keeps for itself`;
}

function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

function ok<T>(value: T): Checked<T> {
  return { kind: 'ok', value };
}

function problem(words: string): { readonly kind: 'problem'; readonly problem: string } {
  return { kind: 'problem', problem: words };
}

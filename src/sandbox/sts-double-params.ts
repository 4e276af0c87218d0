// The parameters of the double's operations, checked against the limits of the STS API reference.

import { invalid } from './sts-double-refusal.ts';

/** What every way to a role's credentials has. */
export interface RoleParams {
  readonly roleArn: string;
  readonly roleSessionName: string;
  readonly durationSeconds: number;
  readonly policy?: string;
  readonly policyArns: readonly string[];
  readonly tagKeys: readonly string[];
}

export interface AssumeRoleParams extends MfaParams, RoleParams {
  readonly externalId?: string;
  readonly sourceIdentity?: string;
}

export interface WebIdentityParams extends RoleParams {
  readonly token: string;
}

/** The assertion itself names the session. */
export interface SamlParams extends Omit<RoleParams, 'roleSessionName'> {
  readonly principalArn: string;
  readonly assertion: string;
}

export interface SessionParams extends MfaParams {
  readonly durationSeconds: number;
}

export interface MfaParams {
  readonly serialNumber?: string;
  readonly tokenCode?: string;
}

/** Throws `Refusal` (ValidationError) in AWS's words. */
export function readAssumeRole(form: URLSearchParams): AssumeRoleParams {
  const externalId = optional(form, 'ExternalId', { min: 2, max: 1224, pattern: /^[\w+=,.@:/-]*$/ });
  const sourceIdentity = optional(form, 'SourceIdentity', { min: 2, max: 64, pattern: /^[\w+=,.@-]*$/ });
  return {
    ...readRole(form),
    roleSessionName: readSessionName(form),
    ...(externalId === undefined ? {} : { externalId }),
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
    ...mfa(form),
  };
}

/** Throws `Refusal` (ValidationError) in AWS's words. */
export function readWebIdentity(form: URLSearchParams): WebIdentityParams {
  const token = required(form, 'WebIdentityToken', { min: 4, max: 20_000, pattern: /^.*$/s });
  return { ...readRole(form), roleSessionName: readSessionName(form), token };
}

/** Throws `Refusal` (ValidationError) in AWS's words. */
export function readSaml(form: URLSearchParams): SamlParams {
  return {
    ...readRole(form),
    principalArn: required(form, 'PrincipalArn', { min: 20, max: 2048, pattern: /^\S+$/ }),
    assertion: required(form, 'SAMLAssertion', { min: 4, max: 100_000, pattern: /^.*$/s }),
  };
}

/** Throws `Refusal` (ValidationError) in AWS's words. */
export function readSession(form: URLSearchParams): SessionParams {
  return { durationSeconds: duration(form, { fallback: 43200, min: 900, max: 129600 }), ...mfa(form) };
}

function readRole(form: URLSearchParams): Omit<RoleParams, 'roleSessionName'> {
  const policy = optional(form, 'Policy', { min: 1, max: 2048, pattern: /^[\t\n\r\u0020-\u00ff]+$/ });
  return {
    roleArn: required(form, 'RoleArn', { min: 20, max: 2048, pattern: /^\S+$/ }),
    durationSeconds: duration(form, { fallback: 3600, min: 900, max: 43200 }),
    ...(policy === undefined ? {} : { policy }),
    policyArns: list(form, /^PolicyArns\.member\.\d+\.arn$/, 10),
    tagKeys: list(form, /^Tags\.member\.\d+\.Key$/, 50),
  };
}

function readSessionName(form: URLSearchParams): string {
  return required(form, 'RoleSessionName', { min: 2, max: 64, pattern: /^[\w+=,.@-]*$/ });
}

interface Limits {
  readonly min: number;
  readonly max: number;
  readonly pattern: RegExp;
}

function mfa(form: URLSearchParams): MfaParams {
  const serialNumber = optional(form, 'SerialNumber', { min: 9, max: 256, pattern: /^[\w+=/:,.@-]*$/ });
  const tokenCode = optional(form, 'TokenCode', { min: 6, max: 6, pattern: /^\d*$/ });
  return {
    ...(serialNumber === undefined ? {} : { serialNumber }),
    ...(tokenCode === undefined ? {} : { tokenCode }),
  };
}

function required(form: URLSearchParams, name: string, limits: Limits): string {
  const value = optional(form, name, limits);
  if (value === undefined) throw violation(name, 'null', 'Member must not be null');
  return value;
}

function optional(form: URLSearchParams, name: string, { min, max, pattern }: Limits): string | undefined {
  const value = form.get(name);
  if (value === null) return undefined;
  const shown = `'${value}'`;
  if (value.length < min) throw violation(name, shown, `Member must have length greater than or equal to ${min}`);
  if (value.length > max) throw violation(name, shown, `Member must have length less than or equal to ${max}`);
  if (!pattern.test(value)) throw violation(name, shown, `Member must satisfy regular expression pattern: ${pattern.source}`);
  return value;
}

function duration(form: URLSearchParams, { fallback, min, max }: { fallback: number; min: number; max: number }): number {
  const text = form.get('DurationSeconds');
  if (text === null) return fallback;
  if (!/^\d{1,9}$/.test(text)) throw violation('DurationSeconds', `'${text}'`, 'Member must be an integer');
  const seconds = Number(text);
  if (seconds < min) throw violation('DurationSeconds', `'${text}'`, `Member must have value greater than or equal to ${min}`);
  if (seconds > max) throw violation('DurationSeconds', `'${text}'`, `Member must have value less than or equal to ${max}`);
  return seconds;
}

function list(form: URLSearchParams, pattern: RegExp, max: number): readonly string[] {
  const values = [...form].filter(([name]) => pattern.test(name)).map(([, value]) => value);
  const name = pattern.source.slice(1).split('\\')[0] ?? '';
  if (values.length > max) throw violation(name, "'[...]'", `Member must have length less than or equal to ${max}`);
  return values;
}

function violation(name: string, value: string, constraint: string): Error {
  const member = name.charAt(0).toLowerCase() + name.slice(1);
  return invalid(`1 validation error detected: Value ${value} at '${member}' failed to satisfy constraint: ${constraint}`);
}

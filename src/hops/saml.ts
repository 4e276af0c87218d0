// A role by SAML: an assertion that the person's program prints takes the place of a signature. Scrapes no identity provider.

import type { SamlHop } from '../config/entry-hop.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { capped } from '../credentials/foreign-words.ts';
import { type ReadAssertion, type RolePair, readAssertion } from '../credentials/saml-assertion.ts';
import { Secret } from '../credentials/secret.ts';
import { AppError } from '../errors.ts';
import type { EntryCall, EntryPorts } from './entry.ts';
import { programsFor } from './programs.ts';

/** AWS's limit, in characters. */
const longestAssertion = 100_000;
/** A program may ask its identity provider. */
const programWaitMs = 60_000;
/** AWS's own. */
const defaultSeconds = 3_600;

const setting = 'saml_process';

/** Throws `identity-unusable`, `program-failed`, `program-needed` and what STS throws. */
export async function requestSaml(hop: SamlHop, { profile, ...call }: EntryCall, ports: EntryPorts): Promise<Credentials> {
  const printed = await programsFor({ setting, profile }, ports).output({
    command: hop.command,
    setting,
    wanted: 'assertion',
    profile,
    waitMs: programWaitMs,
    // Line ends are not counted by AWS.
    longestOutput: 2 * longestAssertion,
    showsStderr: false,
    ...(call.signal === undefined ? {} : { signal: call.signal }),
  });
  const unusable: Unusable = (problem, hint = `run the command of ${setting} by hand`) =>
    new AppError('identity-unusable', { profile, what: 'SAML assertion', problem, hint });
  const assertion = printed.replace(/\s+/g, '');
  if (assertion === '') throw unusable('it is empty');
  if (assertion.length > longestAssertion) throw unusable(`it is longer than ${longestAssertion} characters, AWS's limit`);
  const read = readAssertion(assertion);
  const principalArn = principalFor(hop, read, { profile, unusable });
  const { durationSeconds = secondsIn(read), ...request } = hop.request;
  return await ports.sts.assumeRoleWithSaml(
    { ...request, principalArn, durationSeconds, assertion: new Secret(assertion) },
    { ...call, endpoint: hop.endpoint, context: { ...call.context, identity: { from: `the command of ${setting}` } } },
  );
}

type Unusable = (problem: string, hint?: string) => AppError;

function principalFor(
  { request: { roleArn }, principalArn }: SamlHop,
  read: ReadAssertion,
  { profile, unusable }: { readonly profile: string; readonly unusable: Unusable },
): string {
  if (read.kind === 'problem') throw unusable(read.problem);
  if (read.kind === 'encrypted') {
    if (principalArn !== undefined) return principalArn;
    throw unusable('it is encrypted, so that its roles cannot be read', `set saml_principal_arn for "${profile}"`);
  }
  if (read.pairs.length === 0) throw unusable('it allows no role of AWS');
  const fitting = read.pairs.filter(
    (pair) => pair.roleArn === roleArn && (principalArn === undefined || pair.principalArn === principalArn),
  );
  const providers = [...new Set(fitting.map((pair) => pair.principalArn))];
  const [provider] = providers;
  if (provider === undefined) {
    const wanted = principalArn === undefined ? roleArn : `${roleArn} by ${principalArn}`;
    throw unusable(
      `it does not allow ${wanted}; it allows ${capped(namesOf(read.pairs), 1_000)}`,
      `choose a role that it allows as role_arn of "${profile}"`,
    );
  }
  if (providers.length > 1) {
    throw unusable(`it allows ${roleArn} by more than one provider`, `set saml_principal_arn for "${profile}"`);
  }
  return provider;
}

/** Some people have hundreds of roles. */
const mostNamed = 10;

function namesOf(pairs: readonly RolePair[]): string {
  const names = pairs.map((pair) => `${pair.roleArn} by ${pair.principalArn}`);
  const more = names.length > mostNamed ? ` and ${names.length - mostNamed} more` : '';
  return `${names.slice(0, mostNamed).join(', ')}${more}`;
}

function secondsIn(read: ReadAssertion): number {
  return read.kind === 'read' ? (read.sessionSeconds ?? defaultSeconds) : defaultSeconds;
}

// The double's two operations that nobody signs: a token or an assertion of an identity provider takes the place of a signature.

import { type ActionResult, checkPolicy, roleResult } from './sts-double-actions.ts';
import { checkAssertion } from './sts-double-assertion.ts';
import { readSaml, readWebIdentity } from './sts-double-params.ts';
import { accessDenied } from './sts-double-refusal.ts';
import { checkToken } from './sts-double-token.ts';
import type { DoubleRole, World } from './sts-double-world.ts';

const federatedOperations = ['AssumeRoleWithWebIdentity', 'AssumeRoleWithSAML'] as const;
export type FederatedOperationName = (typeof federatedOperations)[number];

export function isFederatedOperation(text: string | null): text is FederatedOperationName {
  return federatedOperations.some((name) => name === text);
}

/** Throws `Refusal` with AWS's code and words. */
export function performFederated(operation: FederatedOperationName, form: URLSearchParams, world: World): Required<ActionResult> {
  switch (operation) {
    case 'AssumeRoleWithWebIdentity': {
      const params = readWebIdentity(form);
      checkPolicy(params);
      const { provider, subject, audience } = checkToken(params.token, world);
      const role = trustingRole(params.roleArn, { operation, provider: provider.arn, subject }, world);
      const { fields, issued } = roleResult(role, params, world);
      const said = { SubjectFromWebIdentityToken: subject, Audience: audience, Provider: provider.arn };
      return { fields: { ...fields, ...said }, issued };
    }
    case 'AssumeRoleWithSAML': {
      const params = readSaml(form);
      checkPolicy(params);
      const { subject, sessionName, issuer, audience } = checkAssertion(params, world);
      const role = trustingRole(params.roleArn, { operation, provider: params.principalArn, subject }, world);
      const { fields, issued } = roleResult(role, { ...params, roleSessionName: sessionName }, world);
      return { fields: { ...fields, Subject: subject, SubjectType: 'transient', Issuer: issuer, Audience: audience }, issued };
    }
    default:
      return operation satisfies never;
  }
}

interface Visitor {
  readonly operation: FederatedOperationName;
  readonly provider: string;
  readonly subject: string;
}

function trustingRole(roleArn: string, { operation, provider, subject }: Visitor, world: World): DoubleRole {
  const role = world.findRole(roleArn);
  const isTrusted = role?.trust.some(
    (trust) =>
      trust.principals.includes(provider) &&
      (trust.actions ?? []).includes(`sts:${operation}`) &&
      (trust.subject === undefined || trust.subject === subject),
  );
  if (role === undefined || isTrusted !== true) throw accessDenied(`Not authorized to perform sts:${operation}`);
  return role;
}

// The profiles that the chaos world's callers ask for, and what their answers must be.

import { mfaSerial, program, roleArn, rolePair } from '../harness/world.ts';

export interface ChaosProfile {
  readonly name: string;
  /** False where the user's keys alone lead to the role. */
  readonly needsLogin: boolean;
  /** Undefined for the keys themselves. */
  readonly role: string | undefined;
  /** How long its credentials are asked for: another time is another recipe. */
  readonly seconds: number;
}

/** The profile whose role an edit of the config changes. */
export const edited = 'flip';
export const editedRoles = ['Ops', 'Long'] as const;
export type EditedRole = (typeof editedRoles)[number];

interface ChaosRecipe extends Omit<ChaosProfile, 'seconds'> {
  readonly settings: Readonly<Record<string, string>>;
}

const recipes: readonly ChaosRecipe[] = [
  { name: 'dev', needsLogin: true, role: 'Dev', settings: { source_profile: 'corp' } },
  // The recipe of dev once more: one AssumeRole for both.
  { name: 'twin', needsLogin: true, role: 'Dev', settings: { source_profile: 'corp' } },
  { name: 'ops', needsLogin: true, role: 'Ops', settings: { source_profile: 'corp' } },
  { name: 'far', needsLogin: true, role: 'Far', settings: { source_profile: 'ops' } },
  { name: 'long', needsLogin: true, role: 'Long', settings: { source_profile: 'corp', duration_seconds: '3000' } },
  { name: 'external', needsLogin: true, role: 'External', settings: { source_profile: 'corp', external_id: 'ext-1' } },
  { name: edited, needsLogin: true, role: editedRoles[0], settings: { source_profile: 'corp' } },
  { name: 'direct', needsLogin: false, role: 'Open', settings: { source_profile: 'bare' } },
  { name: 'bare', needsLogin: false, role: undefined, settings: { keys: 'corp', session: 'none' } },
];

export const chaosProfiles: readonly ChaosProfile[] = recipes.map(({ settings, ...profile }) => ({
  ...profile,
  seconds: Number(settings['duration_seconds'] ?? 3_600),
}));

/** `$STS` stands for the endpoint. */
export function chaosConfig(editedRole: EditedRole): string {
  const pairs = recipes.map(({ name, role, settings }) => {
    const arn = name === edited ? roleArn(editedRole) : role === undefined ? undefined : roleArn(role);
    return rolePair(name, { ...(arn === undefined ? {} : { role_arn: arn }), ...settings });
  });
  return `${keysPair}\n${pairs.join('')}`;
}

/** As `import corp` leaves it. */
const keysPair = `[profile corp]
region = eu-west-1
endpoint_url = $STS
credential_process = ${program} get corp

[rolekeeper corp]
mfa_serial = ${mfaSerial}
`;

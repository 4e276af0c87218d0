// What a person should know of the certificate that a recipe starts from, as far as the state tells; for `status` and `explain`.

import { certificateOf, type Recipe } from '../config/recipe.ts';
import { stageOf } from '../credentials/certificate-life.ts';
import { localMinute } from '../credentials/credentials.ts';
import { knownCertificate } from '../hops/certificate-owner.ts';
import type { Wiring } from '../wiring.ts';

export function certificateNotes(recipe: Recipe, { state, clock }: Pick<Wiring, 'state' | 'clock'>): readonly string[] {
  const hop = certificateOf(recipe);
  const known = hop === undefined ? undefined : knownCertificate(hop, state);
  if (hop === undefined || known === undefined) return [];
  const stage = stageOf(known, clock.now());
  if (stage === 'long') return [];
  const verb = stage === 'ended' ? 'ended' : 'ends';
  return [
    `the certificate ${hop.files.certificate} ${verb} ${localMinute(clock.toLocal(known.validTo))}; put a renewed one there`,
  ];
}

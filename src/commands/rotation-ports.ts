// What a rotation needs of the outside, for `rotate` and for the background that ends one.

import type { Account } from '../config/names.ts';
import type { ConfigFiles } from '../config/profile-settings.ts';
import type { Environment } from '../ports/environment.ts';
import type { ObtainPorts } from '../refresh/obtain.ts';
import type { RotatePorts } from '../rotation/rotate-keys.ts';
import { forgetItem } from '../stores/item-index.ts';
import type { Wiring } from '../wiring.ts';

/** `say` gets a line for the person who waits. */
export async function rotationPorts(
  { store, sts, clock, remember, lock }: ObtainPorts,
  { openIam, openRotationRecords }: Pick<Wiring, 'openIam' | 'openRotationRecords'>,
  say: (line: string) => void,
): Promise<RotatePorts> {
  const [iam, records] = await Promise.all([openIam(), openRotationRecords()]);
  const forget = (account: Account) => forgetItem({ store, lock }, account);
  return { store, sts, clock, remember, iam, records, forget, say };
}

/** Deletes what a rotation left for later. `open` is asked only where there is something to delete. */
export async function endRotationsOf(
  config: { readonly files: ConfigFiles; readonly env: Environment },
  open: () => Promise<ObtainPorts>,
  wiring: Wiring,
): Promise<void> {
  const { clock, log } = wiring;
  const [{ endRotations }, records, lock] = await Promise.all([
    import('../rotation/end-rotations.ts'),
    wiring.openRotationRecords(),
    wiring.openLock(),
  ]);
  const openPorts = async () => rotationPorts(await open(), wiring, () => undefined);
  await endRotations(config, { clock, log, lock, records, openPorts });
}

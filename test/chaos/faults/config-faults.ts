// The config file is edited whole, written in place so that readers meet a part of it, or out of reach.

import { chmodSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { editedRoles } from '../profiles.ts';
import { type BeginFault, striking } from '../scene.ts';

/** The role of one profile changes each time; the last one stays. */
export const changed: BeginFault = async (scene) => {
  const { chaos, random } = scene;
  const path = chaos.world.configPath;
  const end = striking([20, 400], scene, async () => {
    const role = random.pick(editedRoles);
    chaos.expectEdited(role, () => {
      writeFileSync(`${path}.new`, `# ${random.between(0, 999)}\n${chaos.configText(role)}`);
      renameSync(`${path}.new`, path);
    });
  });
  return { what: 'other roles', end };
};

/** As editors and `>` do it. */
export const truncated: BeginFault = async (scene) => {
  const { chaos, random } = scene;
  const path = chaos.world.configPath;
  const whole = chaos.configText(chaos.editedRole);
  const stop = striking([10, 200], scene, async () => {
    writeFileSync(path, whole.slice(0, random.between(0, whole.length - 1)));
    await wait(random.between(1, 120));
    writeFileSync(path, whole);
  });
  const end = async () => {
    await stop();
    writeFileSync(path, whole); // the last strike may have met a full disk
  };
  return { what: 'written in place', end };
};

export const unreadable: BeginFault = async ({ chaos }) => {
  const path = chaos.world.configPath;
  const { mode } = statSync(path);
  chmodSync(path, 0);
  return { what: 'mode 0', end: async () => chmodSync(path, mode) };
};

import { describe, expect, it } from 'vitest';
import { promptWords, type Standing } from '../../src/agent/prompt.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { hour, minute, second } from './agent-world.ts';

const fine: Standing = { profile: parseProfileName('dev'), leftMs: 42 * minute, isThreatened: false, needsLogin: false };

describe('promptWords', () => {
  it.each<[string, Partial<Standing>]>([
    ['dev 42m', {}],
    ['dev 0m', { leftMs: 59 * second }],
    ['dev 99m', { leftMs: 100 * minute - 1 }],
    ['dev 1h', { leftMs: 100 * minute }],
    ['dev 11h', { leftMs: 12 * hour - 1 }],
    ['dev 12m!', { leftMs: 12 * minute, isThreatened: true }],
    ['dev 12m!', { leftMs: 12 * minute, isThreatened: true, needsLogin: true }],
    ['dev login', { leftMs: undefined, needsLogin: true, isThreatened: true }],
    ['dev !', { leftMs: undefined, isThreatened: true }],
    ['dev', { leftMs: undefined }],
  ])('promptWords says %s', (words, differently) => {
    expect(promptWords({ ...fine, ...differently })).toBe(words);
  });
});

import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { qrLines } from '../../src/system/qr-code.ts';

describe('qrLines', () => {
  const lines = qrLines('https://device.sso.eu-west-1.amazonaws.com/?user_code=ABCD-EFGH');

  it('fits a terminal, every line as wide as the others', () => {
    const widths = new Set(lines.map((line) => [...stripVTControlCharacters(line)].length));
    expect([...widths]).toEqual([37]);
    expect(lines.length).toBe(19);
  });

  it('is dark on light whatever the colours of the terminal are, with a quiet zone around', () => {
    expect(lines.every((line) => line.startsWith('\u001b[97;40m') && line.endsWith('\u001b[0m'))).toBe(true);
    expect(stripVTControlCharacters(lines[0] ?? '')).toMatch(/^█+$/);
  });

  it('begins with the three eyes of a QR code', () => {
    const [, eyes = ''] = lines.map(stripVTControlCharacters);
    expect(eyes.slice(2, 9)).toBe(' ▄▄▄▄▄ ');
    expect(eyes.slice(-9, -2)).toBe(' ▄▄▄▄▄ ');
  });
});

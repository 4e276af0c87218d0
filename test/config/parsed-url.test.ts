import { describe, expect, it } from 'vitest';
import { parsedUrl } from '../../src/config/parsed-url.ts';

describe('parsedUrl', () => {
  it('gives the URL that a text is', () => {
    expect(parsedUrl('https://a.example:81/b?c#d')?.href).toBe('https://a.example:81/b?c#d');
  });

  it.each(['', 'a.example', '/a', 'https://', 'https://[', 'http://a:99999'])('gives nothing for %j', (text) => {
    expect(parsedUrl(text)).toBeUndefined();
  });

  // From the 8,150th time on URL.canParse of Node 20.20 says no, and an endpoint or a proxy "is not a URL".
  it('takes letters beyond ASCII, however often it was asked', () => {
    const hosts = Array.from({ length: 30_000 }, () => parsedUrl('https://müller.example/ü')?.host);
    expect(new Set(hosts)).toEqual(new Set(['xn--mller-kva.example']));
  });
});

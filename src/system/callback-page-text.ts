// How the page of a sign-in looks. Plain words, no script, nothing loaded from anywhere; light or dark as the person has it.

export interface PageText {
  readonly title: string;
  readonly words: readonly string[];
}

/** Whatever is in the words is text. */
export function renderPage({ title, words }: PageText, nonce: string): string {
  const paragraphs = words.map((line) => `<p>${escaped(line)}</p>`).join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)} - rolekeeper</title>
<style nonce="${nonce}">
:root { color-scheme: light dark; --ink: #1d2329; --paper: #f6f7f9; --card: #ffffff; --edge: #d5dae0; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ed; --paper: #14181d; --card: #1d232a; --edge: #39424d; }
}
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
main { box-sizing: border-box; width: min(34rem, 100vw - 2rem); padding: 1.5rem 2rem; background: var(--card);
  border: 1px solid var(--edge); border-radius: 8px; }
h1 { margin: 0 0 .5rem; font-size: 1.4rem; }
p { margin: .5rem 0; overflow-wrap: anywhere; }
footer { margin-top: 1rem; font-size: .85rem; opacity: .75; }
</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
${paragraphs}
<footer>rolekeeper, on this computer</footer>
</main>
</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

"use strict";
// Looks at any page from within; see looks.py.
(() => {
  const found = [], root = document.documentElement;
  const wide = Math.max(root.scrollWidth, document.body.scrollWidth);
  if (wide > innerWidth) found.push(`is ${wide} px wide in a window of ${innerWidth} px`);
  for (const picture of document.querySelectorAll("img"))
    if (picture.complete && !picture.naturalWidth)
      found.push(`lacks the picture ${picture.getAttribute("src").slice(0, 80)}`);

  // A sign that no font has is drawn as the one that no font can have.
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 48;
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  const drawn = (sign, font) => {
    brush.clearRect(0, 0, 48, 48);
    brush.font = font;
    brush.fillText(sign, 8, 36);
    return brush.getImageData(0, 0, 48, 48).data.join("");
  };
  const missing = new Map(), seen = new Set(), lacking = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const within = texts.currentNode.parentElement;
    if (within.closest("script, style, template, noscript")) continue;
    const style = getComputedStyle(within);
    const font = `${style.fontStyle} ${style.fontWeight} 24px ${style.fontFamily}`;
    if (!missing.has(font)) missing.set(font, drawn("\u{10FFFD}", font));
    for (const sign of texts.currentNode.data) {
      if (sign < "\u{80}" || /[\p{M}\p{Cc}\p{Cf}\p{Z}]/u.test(sign) || seen.has(sign + font)) continue;
      seen.add(sign + font);
      if (drawn(sign, font) === missing.get(font)) lacking.add(sign);
    }
  }
  for (const sign of lacking)
    found.push(`has no glyph for ${sign} (U+${sign.codePointAt(0).toString(16).toUpperCase()})`);
  return { found, height: root.scrollHeight };
})();

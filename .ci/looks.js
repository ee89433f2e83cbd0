"use strict";
// Looks at any page from within; see looks.py.
(() => {
  const found = [], root = document.documentElement;
  const wide = Math.max(root.scrollWidth, document.body.scrollWidth);
  if (wide > innerWidth) found.push(`is ${wide} px wide in a window of ${innerWidth} px`);
  for (const picture of document.querySelectorAll("img"))
    if (picture.complete && !picture.naturalWidth)
      found.push(`lacks the picture ${picture.getAttribute("src").slice(0, 80)}`);

  // Charts are as wide as their page, and their texts are read and cover no line.
  for (const chart of document.querySelectorAll("figure.chart")) {
    const name = (chart.matches("[aria-label]") ? chart : chart.querySelector("[aria-label]")).getAttribute("aria-label");
    const say = (text) => found.push(`has a chart, ${name}, ${text}`);
    if (!chart.checkVisibility()) continue;
    if (chart.scrollWidth > chart.clientWidth + 1) say("that is cut");
    if (chart.clientWidth < 0.95 * chart.parentElement.clientWidth) say("that is not as wide as its page");
    const drawn = chart.querySelector("svg.drawing")?.getBoundingClientRect(), ticks = [];
    for (const text of chart.querySelectorAll("svg text")) {
      const box = text.getBoundingClientRect();
      if (!box.width) continue;
      if (box.left < 0 || box.right > innerWidth) say(`whose text ${text.textContent} is cut`);
      if (box.height < 10) say(`whose text ${text.textContent} is too small`);
      if (drawn && !text.matches(".number") && box.right > drawn.left + 1 && box.bottom < drawn.bottom && box.top > drawn.top)
        say(`whose text ${text.textContent} stands on its lines`);
      if (!text.closest(".ticks")) continue;
      if (ticks.some((other) => other.right > box.left && other.left < box.right)) say("whose numbers run into each other");
      ticks.push(box);
    }
  }

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

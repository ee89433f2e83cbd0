"use strict";
// Looks at the catalog page from within; see catalog_check.py.
const found = [];
const say = (text, where) => found.push(text + ": " + (where.outerHTML || "").slice(0, 120));
const all = (selector, where = document) => [...where.querySelectorAll(selector)];
const text = (node) => (node ? node.textContent.trim() : "");
const rules = all("#rules > li"), field = (id) => document.getElementById(id);
if (rules.some((rule) => rule.querySelector("details").open)) found.push("a card is open unasked");
const closed = document.documentElement.scrollHeight;
if (closed > 260 * rules.length + 2000) found.push(`${closed} pixels of an index`);
for (const card of all("details")) card.open = true;
if (document.body.scrollWidth > innerWidth) found.push("the page is wider than its window");
for (const line of all(".formula")) if (line.scrollWidth > line.clientWidth + 2 && innerWidth > 1000)
  say("an equation of the index is cut", line);

// What everybody needs who does not see, or has no mouse ----------------------------------------
if (!document.documentElement.lang) found.push("the page has no language");
if (!document.title) found.push("the page has no title");
for (const landmark of ["header", "main", "footer"])
  if (all("body > " + landmark).length !== 1) found.push("not one landmark " + landmark);
if (all("h1").length !== 1) found.push("not one h1");
let level = 1;
for (const h of all("h1, h2, h3, h4, h5, h6")) {
  const own = Number(h.tagName[1]);
  if (own > level + 1) say("a heading skips a level", h);
  if (!text(h)) say("an empty heading", h);
  level = own;
}
const ids = all("[id]").map((node) => node.id);
for (const id of new Set(ids)) if (ids.filter((other) => other === id).length > 1)
  found.push("two elements have the id " + id);
for (const node of all("input, select"))
  if (!node.labels.length || !text(node.labels[0])) say("a field without a label", node);
for (const node of all("img")) if (!node.alt) say("a picture without a text", node);
for (const node of all("svg"))
  if (!node.getAttribute("aria-label") && node.getAttribute("aria-hidden") !== "true")
    say("a drawing without a text", node);
for (const node of all("table")) {
  if (!text(node.caption)) say("a table without a caption", node);
  for (const head of node.querySelectorAll("th"))
    if (!["row", "col"].includes(head.scope)) say("a head of no row or column", head);
}
for (const node of all("a, button, summary")) if (!text(node)) say("a control without a text", node);
for (const node of all("summary :is(a, button, input, [tabindex])"))
  say("a control within a control", node);
for (const node of all("a[href^='#']"))
  if (!document.getElementById(node.getAttribute("href").slice(1))) say("a dead link", node);
for (const node of all("[aria-labelledby]"))
  if (!text(document.getElementById(node.getAttribute("aria-labelledby")))) say("no label", node);
for (const node of all(".scroll"))
  if (node.scrollWidth > node.clientWidth && node.tabIndex < 0) say("scrolls by mouse only", node);
const colour = (value) => (value.match(/[\d.]+/g) || []).map(Number);
const light = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const behind = (node) => {
  for (let n = node; n; n = n.parentElement) {
    const [r, g, b, a] = colour(getComputedStyle(n).backgroundColor);
    if (a === undefined || a > 0) return [r, g, b];
  }
  return [255, 255, 255];
};
const contrast = (one, other) => {
  const [a, b] = [light(one), light(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
};
const pairs = new Set();
for (const node of all("body *")) {
  const drawn = node.matches("svg .line");
  if (!drawn && ![...node.childNodes].some((c) => c.nodeType === 3 && c.data.trim())) continue;
  if (["SCRIPT", "STYLE", "OPTION"].includes(node.tagName)) continue;
  const style = getComputedStyle(node);
  const own = colour(drawn ? style.stroke : node.tagName === "text" ? style.fill : style.color);
  const key = `${drawn} ${own} ${behind(node)}`;
  if (pairs.has(key)) continue;
  pairs.add(key);
  const ratio = contrast(own, behind(node));
  if (ratio < (drawn ? 3 : 4.5)) say("contrast " + ratio.toFixed(2), node);
}
if (all("[tabindex]").some((node) => node.tabIndex > 0)) found.push("an order of its own for Tab");
const stops = all("a[href], button, input, select, summary, [tabindex='0']");
if (stops[0].className !== "skip") found.push("the first stop of Tab is not the skip link");
for (const stop of stops) {
  stop.focus();
  if (document.activeElement !== stop && stop.offsetParent) say("the keyboard cannot reach", stop);
}

// What the page does ------------------------------------------------------------------------------
let slowest = 0;
const shown = () => rules.filter((rule) => !rule.hidden);
const total = rules.length;
const set = (id, value) => {
  field(id).value = value;
  const start = performance.now();
  field(id).dispatchEvent(new Event("input", { bubbles: true }));
  document.body.getBoundingClientRect(); // wait for the layout
  slowest = Math.max(slowest, performance.now() - start);
  return shown().length;
};
const first = text(rules[0].querySelector("h3")).split(" ").find((word) => word.length > 3);
for (const [words, some] of [[first, true], ["nosuchword", false], ["nosuch*product", false]])
  if (set("words", words) > 0 !== some) found.push("the search does not filter by " + words);
const accent = all("#rules li li").map(text).join(" ").match(/\p{L}*[éöáü]\p{L}*/u);
if (accent) {
  const plain = accent[0].normalize("NFD").replace(/\p{M}/gu, "");
  if (set("words", plain) < 1 || set("words", plain) !== set("words", accent[0].toUpperCase()))
    found.push(`${plain} does not find ${accent[0]}`);
}
const texts = new Map(rules.map((rule) =>
  [rule, [...rule.querySelectorAll("pre")].find((p) => !p.className.match(/latex|bibtex/)).textContent]));
const product = [...texts.values()].join("\n").match(/\b([a-z]\w*)\*([a-z]\w*)\b(?!\*|\()/);
if (product) for (const words of [product[0], `${product[2]} * ${product[1]}`]) {
  const either = new RegExp(`(?<![\\w.])(${product[1]}\\*${product[2]}|${product[2]}\\*${product[1]})(?!\\w)`);
  set("words", words);
  for (const rule of rules) {
    const there = texts.get(rule).split("\n").some((line) => either.test(line.split("#")[0]));
    if (there === rule.hidden) say(`${words} ${there ? "misses" : "finds"} a rule`, rule);
  }
}
if (set("words", "") !== total) found.push("an empty search hides rules");
for (const id of ["kind", "locality", "tag", "site"]) {
  const options = [...field(id).options].map((option) => option.value).filter(Boolean);
  if (!options.length) found.push("nothing to choose for " + id);
  for (const option of options)
    if (set(id, option) < 1) found.push(`no rule for ${id} ${option}`);
  set(id, "");
}
const { min: least, max: most } = field("complexity");
let before = 0;
for (let i = Number(least); i <= Number(most); i += 1) {
  const now = set("complexity", String(i));
  if (now <= before) found.push("a step of the complexity that shows no other rule");
  before = now;
}
if (before !== total) found.push("filters hide rules when they are set to all");
for (const [order, value, kind] of [["title", "h3", "text"], ["complexity", "complexity", "number"]]) {
  set("order", order);
  const values = all("#rules > li").map((rule) =>
    kind === "text" ? text(rule.querySelector(value)) : Number(rule.dataset[value]));
  const falls = values.some((v, i) => i &&
    (kind === "text" ? values[i - 1].localeCompare(v) > 0 : values[i - 1] > v));
  if (falls) found.push("rules out of order by " + order);
}
set("order", "");
set("words", first);
if (!location.hash.includes(encodeURIComponent(first)))
  found.push("the address does not say what is searched");
const address = location.hash;
set("words", "");
history.replaceState(null, "", address);
dispatchEvent(new Event("hashchange"));
if (field("words").value !== first) found.push("the address is not read");
history.replaceState(null, "", "#rule-" + rules.at(-1).dataset.name);
dispatchEvent(new Event("hashchange"));
if (rules.at(-1).hidden || !rules.at(-1).querySelector("details").open)
  found.push("a link to a rule does not show it");
if (total > 1) {
  for (const rule of rules.slice(0, 2)) rule.querySelector("input").click();
  field("compare").click();
  if (all("#comparison thead th").length !== 2) found.push("two ticked rules are not compared");
  if (document.body.scrollWidth > innerWidth) found.push("the comparison is wider than the window");
  for (const cell of all("#comparison td")) for (const inner of all("pre, table", cell))
    if (inner.scrollWidth > cell.clientWidth + 2) say("a comparison runs over its column", cell);
}

// What axe-core finds, with some cards open, where it is there -------------------------------------
const done = () => {
  for (const card of all("#rules > li > details[open]"))
    if (all(".copy button", card).length < 3) say("little to copy", card);
  const result = document.createElement("pre");
  result.id = "findings";
  result.textContent = JSON.stringify(found);
  document.body.append(result);
};
rules.forEach((rule, i) => { rule.querySelector("details").open = i < 1 || i > total - 3; });
if (!globalThis.axe) setTimeout(done);
else axe.run({ resultTypes: ["violations"] }).then(({ violations }) => {
  for (const { id, impact, help, nodes } of violations)
    if (["serious", "critical"].includes(impact))
      found.push(`axe, ${impact}, ${id}: ${help}: ${nodes[0].html.slice(0, 120)}`);
}, (error) => found.push(`axe: ${error}`)).finally(done);

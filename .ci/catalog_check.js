"use strict";
// Looks at the catalog page from within; see catalog_check.py.
const found = [];
const say = (text, where) => found.push(text + ": " + (where.outerHTML || "").slice(0, 120));
const all = (selector) => [...document.querySelectorAll(selector)];
const text = (node) => (node ? node.textContent.trim() : "");
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
  if (!node.labels.length) say("a field without a label", node);
for (const node of all("img")) if (!node.alt) say("a picture without a text", node);
for (const node of all("table")) {
  if (!text(node.caption)) say("a table without a caption", node);
  for (const head of node.querySelectorAll("th"))
    if (!["row", "col"].includes(head.scope)) say("a head of no row or column", head);
}
for (const node of all("a, button")) if (!text(node)) say("a link or button without a text", node);
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
const pairs = new Set();
for (const node of all("body *")) {
  if (![...node.childNodes].some((c) => c.nodeType === 3 && c.data.trim())) continue;
  if (["SCRIPT", "STYLE", "OPTION"].includes(node.tagName)) continue;
  const [a, b] = [light(colour(getComputedStyle(node).color)), light(behind(node))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const key = a + " " + b;
  if (ratio < 4.5 && !pairs.has(key)) say("contrast " + ratio.toFixed(2), node);
  pairs.add(key);
}
if (document.body.scrollWidth > innerWidth) found.push("the page is wider than its window");
const shown = () => all("#rules tbody tr").filter((row) => !row.hidden).length;
const total = shown(), field = (id) => document.getElementById(id);
const set = (id, value) => {
  field(id).value = value;
  field(id).dispatchEvent(new Event("input", { bubbles: true }));
  if (all("article").filter((card) => !card.hidden).length !== shown())
    found.push(`cards and rows do not agree for ${id} ${value}`);
  return shown();
};
const title = text(document.querySelector("#rules tbody th")).split(" ")[0];
for (const [words, some] of [[title, true], ["nosuchword", false]])
  if (set("words", words) > 0 !== some) found.push("the search does not filter by " + words);
set("words", "");
for (const id of ["tag", "site"]) {
  const options = [...field(id).options].map((option) => option.value).filter(Boolean);
  if (!options.length) found.push("nothing to choose for " + id);
  for (const option of options)
    if (set(id, option) < 1) found.push(`no rule for ${id} ${option}`);
  set(id, "");
}
const [least, most] = [field("complexity").min, field("complexity").max];
if (set("complexity", least) < 1 || (least !== most && shown() === total))
  found.push("the complexity does not filter");
if (set("complexity", most) !== total) found.push("filters hide rules when they are set to all");
if (all("[tabindex]").some((node) => node.tabIndex > 0)) found.push("an order of its own for Tab");
const stops = all("a[href], button, input, select, [tabindex='0']");
if (stops[0].className !== "skip") found.push("the first stop of Tab is not the skip link");
for (const stop of stops) {
  stop.focus();
  if (document.activeElement !== stop && stop.offsetParent) say("the keyboard cannot reach", stop);
}
for (const head of all("#rules thead th")) {
  const button = head.querySelector("button");
  if (!button || button.tabIndex < 0) { say("a column that the keyboard cannot sort", head); continue; }
  button.click(); button.click();
  if (head.getAttribute("aria-sort") !== "descending") say("a column that does not sort", head);
  const cells = all("#rules tbody tr").map((row) => text(row.cells[head.cellIndex]));
  const values = head.dataset.kind === "number"
    ? cells.map((cell) => (cell ? parseFloat(cell) : -Infinity)) : cells.map((c) => c.toLowerCase());
  const falls = (x, y) => (typeof x === "number" ? x >= y : x.localeCompare(y) >= 0);
  if (!values.every((value, i) => i === 0 || falls(values[i - 1], value)))
    say("rows out of order by", head);
}
const result = document.createElement("pre");
result.id = "findings"; result.textContent = JSON.stringify(found);
document.body.append(result);

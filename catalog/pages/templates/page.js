"use strict";
// Filters and sorts what is in the page; without scripts everything simply stays visible.
(() => {
  const get = (id) => document.getElementById(id);
  // Words are found by their beginning: `xi` is not to find every "complexity".
  const wordsOf = (text) => text.toLowerCase().split(/[^\p{L}\p{N}_]+/u).filter(Boolean);
  const body = get("rules").tBodies[0];
  const rows = [...body.rows].map((row) => {
    const card = get(`rule-${row.dataset.name}`);
    return {
      row,
      card,
      words: ` ${wordsOf(card.textContent).join(" ")}`,
      tags: JSON.parse(card.dataset.tags),
      sites: JSON.parse(card.dataset.sites),
      complexity: Number(card.dataset.complexity),
    };
  });
  const form = get("filters");
  const [words, tag, site, complexity] = ["words", "tag", "site", "complexity"].map(get);

  const filter = () => {
    const wanted = wordsOf(words.value);
    let count = 0;
    for (const item of rows) {
      const shown =
        wanted.every((word) => item.words.includes(` ${word}`)) &&
        (!tag.value || item.tags.includes(tag.value)) &&
        (!site.value || item.sites.includes(site.value)) &&
        item.complexity <= Number(complexity.value);
      item.row.hidden = item.card.hidden = !shown;
      count += shown;
    }
    get("limit").value = complexity.value;
    get("count").textContent = count === 1 ? "1 rule" : `${count} rules`;
  };

  const value = (row, column, numeric) => {
    const text = row.cells[column].textContent.trim();
    return numeric ? (text === "" ? -Infinity : parseFloat(text)) : text.toLowerCase();
  };

  const sort = (head) => {
    const down = head.getAttribute("aria-sort") === "ascending";
    const numeric = head.dataset.kind === "number";
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    rows.sort((a, b) => {
      const x = value(a.row, head.cellIndex, numeric);
      const y = value(b.row, head.cellIndex, numeric);
      const order = numeric ? x - y || 0 : x.localeCompare(y);
      return down ? -order : order;
    });
    for (const item of rows) body.append(item.row);
  };

  for (const head of get("rules").tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => sort(head));
    head.replaceChildren(button);
  }
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  // A link to a card that the filter hides shows it again.
  addEventListener("hashchange", () => {
    const card = document.getElementById(location.hash.slice(1));
    if (card && card.hidden) {
      form.reset();
      setTimeout(() => card.scrollIntoView());
    }
  });
  filter();
})();

"use strict";
// Searches, filters, sorts and compares what is in the page; without scripts every rule is there,
// and opens by its own means. What is asked for stands in the address.
(() => {
  const get = (id) => document.getElementById(id);
  const text = (node) => (node ? node.textContent.trim() : "");
  const list = get("rules"), form = get("filters");
  const FIELDS = ["words", "kind", "locality", "tag", "site", "complexity", "order"];
  const fields = Object.fromEntries(FIELDS.map((name) => [name, get(name)]));
  const sizes = JSON.parse(fields.complexity.dataset.values);
  const rules = [...list.children].map((item, place) => ({
    item,
    place,
    name: item.dataset.name,
    title: text(item.querySelector("h3")),
    kind: item.dataset.kind,
    locality: item.dataset.locality,
    tags: JSON.parse(item.dataset.tags),
    sites: JSON.parse(item.dataset.sites),
    complexity: Number(item.dataset.complexity),
    details: item.querySelector("details"),
    card: item.querySelector("article"),
    box: item.querySelector("input"),
  }));
  const named = new Map(rules.map((rule) => [rule.name, rule]));
  const ticked = [];

  // Search ------------------------------------------------------------------------------------

  // Accents and case do not count: "fremaux" finds Frémaux.
  const folded = (words) => words.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const wordsOf = (words) => folded(words).split(/[^\p{L}\p{N}_]+/u).filter(Boolean);
  const tokensOf = (formula) => formula.match(/[\p{L}_][\p{L}\p{N}_]*|[\d.]+|\*\*|<-|\S/gu) || [];
  const textOf = (rule) => text(rule.card.querySelector("pre:not(.latex):not(.bibtex)"));

  // What a rule is found by: its names, what is said of it, who wrote of it, its symbols. Captions
  // and heads of tables, which all cards share, are left out.
  const learn = (rule) => {
    const said = [...rule.card.querySelectorAll(":scope > p, :scope > ul")].map(text);
    const symbols = tokensOf(textOf(rule)).filter((token) => /^[\p{L}_]/u.test(token));
    const shown = [rule.title, rule.kind, rule.locality, ...rule.tags, ...said, ...symbols];
    rule.words = new Set(wordsOf(shown.join(" ")).concat(folded(rule.name), wordsOf(rule.name.replaceAll("_", " "))));
    rule.lines = textOf(rule).split("\n").map((line) => tokensOf(line.split("#")[0]));
  };
  const found = (rule, word) =>
    word.length < 3 ? rule.words.has(word) : [...rule.words].some((other) => other.startsWith(word));
  const inLine = (line, wanted) => line.some((_, at) =>
    wanted.every((token, i) => line[at + i] === token));
  // A product may be written in either order.
  const orders = (wanted) => wanted.includes("*") && wanted.every((t, i) => (t === "*") === (i % 2 === 1))
    ? [wanted, [...wanted].reverse()] : [wanted];
  const matcher = (query) => {
    if (/[*+/=<>()[\]^]|[^\s-]-|-[^\s-]*[*+/(]/.test(query) && !/^[\p{L}-]+$/u.test(query)) {
      const tried = orders(tokensOf(query));
      return (rule) => tried.some((wanted) => rule.lines.some((line) => inLine(line, wanted)));
    }
    const wanted = wordsOf(query);
    return (rule) => wanted.length > 0 && wanted.every((word) => found(rule, word));
  };

  // Filters and order -------------------------------------------------------------------------

  const filter = () => {
    const query = fields.words.value.trim();
    if (query && !rules[0].words) rules.forEach(learn);
    const matches = query ? matcher(query) : () => true;
    const [kind, locality, tag, site] = ["kind", "locality", "tag", "site"].map((n) => fields[n].value);
    const most = sizes[Number(fields.complexity.value)];
    let count = 0;
    for (const rule of rules) {
      const shown = (!kind || rule.kind === kind) && (!locality || rule.locality === locality) &&
        (!tag || rule.tags.includes(tag)) && (!site || rule.sites.includes(site)) &&
        rule.complexity <= most && matches(rule);
      rule.item.hidden = !shown;
      count += shown;
    }
    get("limit").value = most;
    get("count").textContent = (count === 1 ? "1 rule" : `${count} rules`) +
      (count === rules.length ? "" : ` of ${rules.length}`);
  };
  const { compare: before } = new Intl.Collator("en");
  const ORDERS = {
    "": (a, b) => a.place - b.place,
    title: (a, b) => before(a.title, b.title) || a.place - b.place,
    complexity: (a, b) => a.complexity - b.complexity || a.place - b.place,
    falling: (a, b) => b.complexity - a.complexity || a.place - b.place,
  };
  let ordered = "";
  const sort = () => {
    if (fields.order.value === ordered) return;
    ordered = fields.order.value;
    list.replaceChildren(...[...rules].sort(ORDERS[ordered]).map((rule) => rule.item));
  };

  // The address -------------------------------------------------------------------------------

  const remember = () => {
    const state = new URLSearchParams();
    for (const name of FIELDS) {
      const field = fields[name];
      const value = name === "complexity"
        ? (Number(field.value) < sizes.length - 1 ? String(sizes[field.value]) : "") : field.value;
      if (value) state.set(name, value);
    }
    const open = rules.filter((rule) => rule.details.open).map((rule) => rule.name);
    if (open.length) state.set("open", open.join(","));
    if (ticked.length) state.set("compare", ticked.join(","));
    const said = `#${state}`;
    if (said !== location.hash && !(said === "#" && !location.hash))
      history.replaceState(null, "", said === "#" ? location.pathname + location.search : said);
  };
  const recall = () => {
    const place = location.hash.slice(1);
    if (place.startsWith("rule-")) {
      const rule = named.get(place.slice(5));
      if (!rule) return;
      if (rule.item.hidden) { form.reset(); sort(); filter(); }
      rule.details.open = true;
      rule.item.scrollIntoView();
      return;
    }
    if (!place.includes("=")) return;
    const state = new URLSearchParams(place);
    for (const name of FIELDS) {
      const value = state.get(name) || "";
      if (name !== "complexity") {
        fields[name].value = value;
        if (fields[name].selectedIndex === -1) fields[name].selectedIndex = 0; // no such choice
      } else {
        const last = sizes.findLastIndex((size) => size <= Number(value));
        fields[name].value = value && last >= 0 ? last : sizes.length - 1;
      }
    }
    const open = new Set((state.get("open") || "").split(","));
    for (const rule of rules) rule.details.open = open.has(rule.name);
    for (const name of [...ticked]) tick(named.get(name), false);
    for (const name of (state.get("compare") || "").split(",").slice(0, 2))
      if (named.has(name)) tick(named.get(name), true);
    if (ticked.length === 2) compare();
    sort();
    filter();
  };

  // Comparison --------------------------------------------------------------------------------

  const bar = get("ticked"), comparison = get("comparison");
  const tick = (rule, on) => {
    if (on && ticked.length === 2) tick(named.get(ticked[0]), false);
    rule.box.checked = on;
    if (on) ticked.push(rule.name);
    else ticked.splice(ticked.indexOf(rule.name), 1);
    bar.hidden = !ticked.length;
    get("compare").hidden = ticked.length < 2;
    bar.querySelector("span").textContent = ticked.length < 2
      ? `${ticked.map((name) => named.get(name).title)} is ticked: tick another rule to compare both`
      : ticked.map((name) => named.get(name).title).join(" and ");
    if (ticked.length < 2) comparison.hidden = true;
  };
  const made = (tag, ...inner) => {
    const node = document.createElement(tag);
    node.append(...inner);
    return node;
  };
  const copyOf = (node) => {
    if (!node) return "";
    const twin = node.cloneNode(true);
    for (const part of [twin, ...twin.querySelectorAll("[id]")]) part.removeAttribute("id");
    return twin;
  };
  const marked = (rule, other) => {
    const known = new Set(textOf(other).split("\n").map((line) => tokensOf(line.split("#")[0]).join(" ")));
    const lines = textOf(rule).split("\n").flatMap((line) => {
      const same = known.has(tokensOf(line.split("#")[0]).join(" "));
      return [same ? line : made("mark", line), "\n"];
    });
    return made("pre", made("code", ...lines));
  };
  const ROWS = {
    picture: (rule) => copyOf(rule.item.querySelector(".thumb svg")),
    equation: (rule) => copyOf(rule.card.querySelector(".equation")),
    "as text": (rule, other) => marked(rule, other),
    kind: (rule) => rule.kind,
    locality: (rule) => rule.locality,
    "keeps states at": (rule) => rule.sites.join(", ") || "none",
    complexity: (rule) => String(rule.complexity),
    "task and tags": (rule) => rule.tags.join(", "),
    reward: (rule) => text(rule.item.querySelector(".reward")).replace(/^reward /, ""),
  };
  const compare = () => {
    const both = ticked.map((name) => named.get(name));
    const head = made("tr", made("td"), ...both.map((rule) => {
      const link = made("a", rule.title);
      link.href = `#rule-${rule.name}`;
      return made("th", link);
    }));
    head.querySelectorAll("th").forEach((cell) => { cell.scope = "col"; });
    const body = Object.entries(ROWS).map(([name, show]) => {
      const cells = both.map((rule, i) => made("td", show(rule, both[1 - i])));
      const label = made("th", name);
      label.scope = "row";
      return cells.some((cell) => cell.childNodes.length && (text(cell) || cell.firstElementChild))
        ? [made("tr", label, ...cells)] : [];
    }).flat();
    const table = made("table", made("caption", "Lines of text that the other rule lacks are marked"),
      made("thead", head), made("tbody", ...body));
    comparison.querySelector(".scroll").replaceChildren(table);
    comparison.hidden = false;
  };

  // Copies ------------------------------------------------------------------------------------

  const latexOf = (rule) => text(rule.card.querySelector(".latex"));
  const bibtexOf = (rule) => text(rule.card.querySelector(".bibtex"));
  const markdownOf = (rule) => {
    const sources = [...rule.card.querySelectorAll("a[href^='https://doi.org/'], a[href^='https://arxiv.org/']")]
      .map((link) => `- ${text(link.parentNode)} <${link.href}>`);
    return [`**${rule.title}**`, `$$\n${latexOf(rule)}\n$$`, "```\n" + textOf(rule) + "\n```",
      ...(sources.length ? [sources.join("\n")] : [])].join("\n\n") + "\n";
  };
  const COPIES = { rule: textOf, LaTeX: latexOf, Markdown: markdownOf, BibTeX: bibtexOf };
  const put = async (what) => {
    try {
      await navigator.clipboard.writeText(what);
    } catch {
      const area = made("textarea", what);
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };
  const equip = (rule) => {
    if (rule.card.querySelector(".copy")) return;
    const status = made("span");
    status.setAttribute("role", "status");
    const buttons = Object.entries(COPIES).filter(([, give]) => give(rule)).map(([name, give]) => {
      const button = made("button", `Copy ${name}`);
      button.type = "button";
      button.addEventListener("click", async () => {
        await put(give(rule));
        status.textContent = `${name} copied`;
      });
      return button;
    });
    const row = made("div", ...buttons, status);
    row.className = "copy";
    rule.card.prepend(row);
  };

  // -------------------------------------------------------------------------------------------

  for (const rule of rules) {
    rule.box.parentNode.hidden = false;
    rule.box.addEventListener("change", () => { tick(rule, rule.box.checked); remember(); });
    rule.details.addEventListener("toggle", () => { if (rule.details.open) equip(rule); remember(); });
  }
  get("compare").addEventListener("click", () => { compare(); get("compared").focus(); comparison.scrollIntoView(); });
  get("untick").addEventListener("click", () => {
    for (const name of [...ticked]) tick(named.get(name), false);
    remember();
  });
  form.hidden = false;
  form.addEventListener("input", () => { sort(); filter(); remember(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => { sort(); filter(); remember(); }));
  addEventListener("hashchange", recall);
  // What is looked at is printed: all rules in a line, and the cards that are open.
  filter();
  recall();
})();

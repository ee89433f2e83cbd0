// The page follows the run: what changed is put in its place, and choices stay.
(() => {
  const EVERY = 2000, PATIENCE = 20000; // milliseconds
  const main = document.querySelector("main"), lost = document.getElementById("lost");
  let last = main.innerHTML, seen = new Date(), held = false;
  const all = (what) => [...main.querySelectorAll(what)];
  const section = (e) => e.closest("section")?.getAttribute("aria-labelledby");
  const boxes = () => all('input[type="checkbox"]');
  const key = (box) => box.name ? `${box.name}=${box.value}` : `${section(box)}:${box.parentNode.textContent}`;
  // What has the focus has the same name after a refresh; of several so named, the same one in order.
  const name = (e) => e.id || [
    section(e), e.tagName, e.type, e.getAttribute("href"), e.getAttribute("aria-label"),
    e.type === "checkbox" ? key(e) : e.tagName === "BUTTON" ? e.textContent : "",
  ].join("|");
  const alike = (wanted) => all("a, button, input, summary, [tabindex]").filter((e) => name(e) === wanted);
  const charts = () => all("figure[data-chart]");
  const views = (list, of) => new Map(list.map((e) => [`${section(e)}|${e.getAttribute("aria-label")}`, of(e)]));
  const view = (map, e) => map.get(`${section(e)}|${e.getAttribute("aria-label")}`);

  const put = (next) => {
    const active = document.activeElement, wanted = main.contains(active) ? name(active) : null;
    const order = wanted === null ? 0 : alike(wanted).indexOf(active);
    const chosen = new Map(boxes().map((box) => [key(box), box.checked]));
    const seenAs = views(charts(), (figure) => figure.view());
    const moved = views(all(".scroll"), (e) => [e.scrollLeft, e.scrollTop]);
    main.replaceChildren(...next.childNodes);
    answer(main);
    for (const box of boxes()) {
      const before = chosen.get(key(box));
      if (before !== undefined && before !== box.checked) {
        box.checked = before;
        box.dispatchEvent(new Event("change"));
      }
    }
    for (const figure of charts()) figure.show(view(seenAs, figure));
    for (const e of all(".scroll")) [e.scrollLeft, e.scrollTop] = view(moved, e) ?? [0, 0];
    if (wanted !== null) alike(wanted)[order]?.focus({ preventScroll: true });
  };

  const refresh = async () => {
    try {
      const found = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
      if (!found.ok) throw new Error(found.status);
      const next = new DOMParser().parseFromString(await found.text(), "text/html").querySelector("main");
      [seen, lost.textContent] = [new Date(), ""];
      const fresh = next.innerHTML;
      if (fresh !== last && !held) {
        put(next);
        last = fresh;
      }
    } catch {
      // The watch has ended, or the run is gone: what is on the page is as old as the last answer.
      const told = `No longer followed: the watch does not answer. This is how things stood at ${seen.toLocaleTimeString()}.`;
      if (lost.textContent !== told) lost.textContent = told;
    }
    setTimeout(refresh, EVERY);
  };
  // Nothing is replaced under a finger.
  document.addEventListener("pointerdown", () => { held = true; });
  for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => { held = false; });
  setTimeout(refresh, EVERY);
})();

// The page follows the run: what changed is put in its place, and choices stay.
(() => {
  const main = document.querySelector("main");
  let last = main.innerHTML;
  const boxes = () => [...main.querySelectorAll('input[type="checkbox"]')];
  const key = (box) => box.name ? `${box.name}=${box.value}` :
    `${box.closest("section")?.getAttribute("aria-labelledby")}:${box.parentNode.textContent}`;
  const refresh = async () => {
    try {
      const text = await (await fetch(location.href, { cache: "no-store" })).text();
      const next = new DOMParser().parseFromString(text, "text/html").querySelector("main");
      const busy = main.contains(document.activeElement) && document.activeElement.type === "range";
      if (next && next.innerHTML !== last && !busy) {
        const chosen = new Map(boxes().map((box) => [key(box), box.checked]));
        const open = new Set([...main.querySelectorAll("details[open]")].map((d) => d.textContent.slice(0, 40)));
        last = next.innerHTML;
        main.replaceChildren(...next.childNodes);
        answer(main);
        for (const box of boxes()) {
          const before = chosen.get(key(box));
          if (before !== undefined && before !== box.checked) {
            box.checked = before;
            box.dispatchEvent(new Event("change"));
          }
        }
        for (const d of main.querySelectorAll("details")) d.open = open.has(d.textContent.slice(0, 40));
      }
    } catch { /* the watch has ended: the page stays as it is */ }
    setTimeout(refresh, 2000);
  };
  setTimeout(refresh, 2000);
})();

"use strict";
// Charts answer: lines are shown and hidden, a pointer or a slider reads them, dragging zooms.
const answer = (root) => {
  const make = (name, parent, attributes = {}) => {
    const space = name === "line" || name === "text";
    const made = space
      ? document.createElementNS("http://www.w3.org/2000/svg", name)
      : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    parent.append(made);
    return made;
  };
  const number = (value) => (value === null ? "none" : String(Number(value.toPrecision(4))));

  for (const figure of root.querySelectorAll("figure[data-chart]")) {
    const chart = JSON.parse(figure.dataset.chart);
    const picture = figure.querySelector("svg[role]");
    const [low, high] = chart.x;
    const plot = figure.querySelector("svg.plot");
    const ticks = figure.querySelector("g.ticks");
    let [from, to] = chart.x;
    const at = (x) => `${(100 * (x - from)) / (to - from || 1)}%`;
    const boxes = [...figure.querySelectorAll("input[data-line]")];
    const drawn = [...picture.querySelectorAll("g[data-line]")];
    const shown = (n) => boxes[n].checked;
    const controls = make("div", figure, { class: "reading" });
    const slider = make("input", controls, {
      type: "range", min: low, max: high, step: "any", value: high,
      "aria-label": `read the lines at this ${chart.of}`,
    });
    const output = make("output", controls);
    const rule = make("line", picture, { class: "pointer", y1: 0, y2: "100%" });

    const read = () => {
      const wanted = Number(slider.value);
      for (const end of ["x1", "x2"]) rule.setAttribute(end, at(wanted));
      const parts = [];
      chart.lines.forEach((line, n) => {
        if (!shown(n)) return;
        let best = 0;
        line.x.forEach((x, i) => {
          if (Math.abs(x - wanted) < Math.abs(line.x[best] - wanted)) best = i;
        });
        const limits = line.low ? ` [${number(line.low[best])}, ${number(line.high[best])}]` : "";
        if (!parts.length) parts.push(`${chart.of} ${number(line.x[best])}`);
        parts.push(`${line.name}: ${number(line.y[best])}${limits}`);
      });
      output.value = parts.join("\n");
    };
    const zoom = (a, b) => {
      if (!(b - a > (high - low) / 1000)) return;
      [from, to] = [a, b];
      const unit = 100 / (high - low || 1);
      plot.setAttribute("viewBox", `${(a - low) * unit} 0 ${(b - a) * unit} 100`);
      [slider.min, slider.max] = [a, b];
      ticks.replaceChildren();
      const wide = Math.ceil((b - a) / 5); // trials, iterations and sizes are whole numbers
      for (let value = wide * Math.ceil(a / wide); value <= b; value += wide) {
        const text = make("text", ticks, { x: at(value), y: "100%", dy: 17, class: "middle" });
        text.textContent = number(value);
      }
      read();
    };
    const step = (name, action) => {
      const button = make("button", buttons, { type: "button" });
      button.textContent = name;
      button.addEventListener("click", action);
    };
    const buttons = make("div", figure, { class: "zooming" });
    step("Zoom in", () => {
      const middle = Number(slider.value), half = (to - from) / 4;
      const a = Math.max(low, Math.min(middle - half, high - 2 * half));
      zoom(a, a + 2 * half);
    });
    step("Whole", () => zoom(low, high));
    const place = (event) => {
      const here = plot.getScreenCTM(); // from percent of the whole to the screen
      const x = low + ((event.clientX - here.e) / here.a / 100) * (high - low);
      return Math.min(Math.max(x, from), to);
    };
    let began = null;
    picture.addEventListener("pointerdown", (event) => { began = place(event); });
    picture.addEventListener("pointerup", (event) => {
      const [a, b] = [began, place(event)].sort((one, two) => one - two);
      if (began !== null && b - a > (to - from) / 50) zoom(a, b);
      began = null;
    });
    picture.addEventListener("pointermove", (event) => {
      slider.value = place(event);
      read();
    });
    slider.addEventListener("input", read);
    boxes.forEach((box, n) =>
      box.addEventListener("change", () => {
        drawn[n].toggleAttribute("hidden", !box.checked);
        drawn[n].setAttribute("visibility", box.checked ? "visible" : "hidden");
        read();
      }),
    );
    // How somebody looks at it, for a page that draws it anew; at the end is at the new end.
    figure.view = () => ({
      range: from > low || to < high ? [from, to] : null,
      value: Number(slider.value) < high ? Number(slider.value) : null,
    });
    figure.show = (view) => {
      if (view?.range) zoom(Math.max(view.range[0], low), Math.min(view.range[1], high));
      if (typeof view?.value === "number") slider.value = view.value;
      read();
    };
    read();
  }

  for (const button of root.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const text = document.getElementById(button.dataset.copy).textContent;
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    });
  }
};
answer(document);

"use strict";
// Whatever scrolls sideways is reached by the keyboard as well; the theme wraps tables itself.
addEventListener("load", () => {
  const names = { CODE: "Code", DIV: "Table" };
  const reach = () => {
    for (const part of document.querySelectorAll("pre > code, .md-typeset__scrollwrap")) {
      const scrolls = part.scrollWidth > part.clientWidth;
      for (const [key, value] of [["tabindex", "0"], ["role", "group"], ["aria-label", names[part.tagName]]])
        if (scrolls) part.setAttribute(key, value);
        else part.removeAttribute(key);
    }
  };
  new ResizeObserver(reach).observe(document.body);
});

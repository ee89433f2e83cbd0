"use strict";
// Browsers start no worker for a page that is a file. There a frame that nobody sees does its work,
// so that the search of the site needs no server.
if (location.protocol === "file:") globalThis.Worker = class extends EventTarget {
  constructor(address) {
    super();
    const frame = document.createElement("iframe"), script = document.createElement("script");
    script.src = address;
    frame.hidden = true;
    frame.srcdoc = script.outerHTML;
    this.within = new Promise((ready) => frame.addEventListener("load", () => {
      const within = frame.contentWindow;
      within.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      ready(within);
    }));
    document.body.append(frame);
  }

  postMessage(data) {
    this.within.then((within) => within.dispatchEvent(new MessageEvent("message", { data })));
  }
};

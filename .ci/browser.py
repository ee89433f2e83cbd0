"""A browser that is asked through a pipe, so that one of it shows many pages at any width.

A window of chromium is never narrower than 500 pixels; a page may be told that it is.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from types import TracebackType
from typing import Any

#: What the names of the browser are, and the options of one that nobody sees.
NAMES = ("chromium", "chromium-browser")
OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
#: Bytes that are read at once, and what ends a message.
CHUNK, END = 1 << 20, b"\0"
#: Of a window when a page is loaded, pixels.
HEIGHT = 1000
#: Whoever has loaded a page waits until its fonts are there and its scripts are over; without
#: scripts for so many seconds.
PATIENCE = 0.5
SETTLED = "document.fonts.ready.then(() => new Promise((over) => setTimeout(over, 200)))"


def found() -> str | None:
    """The browser, where there is one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page of a browser, while a `with` block lasts.

    Args:
        program: of chromium.
    """

    def __init__(self, program: str) -> None:
        asks, self.out = os.pipe()
        self.answers, told = os.pipe()
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        # The browser reads from its file 3 and writes to its file 4.
        command = f'exec "$@" 3<&{asks} 4>&{told}'
        options = (*OPTIONS, "--remote-debugging-pipe", f"--user-data-dir={self.profile.name}")
        self.process = subprocess.Popen(
            ["bash", "-c", command, "bash", program, *options],
            pass_fds=(asks, told),
            stderr=subprocess.DEVNULL,
        )
        os.close(asks)
        os.close(told)
        self.number, self.rest, self.session = 0, b"", ""

    def __enter__(self) -> Browser:
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.ask("Page.enable")
        # Pages forbid scripts from elsewhere, and so those that look at them.
        self.ask("Page.setBypassCSP", enabled=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.terminate()
        self.process.wait(10)
        self.profile.cleanup()

    def open(self, address: str, scheme: str, width: int, scripts: bool = True) -> None:
        """Load a page in `light` or `dark`, in a window of this width, with or without scripts."""
        # All files share what pages remember: no page may see that the colours change.
        self.value("location.protocol === 'file:' && localStorage.clear()")
        self.ask("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.load("about:blank")
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.ask("Emulation.setEmulatedMedia", features=[feature])
        self.sized(width, HEIGHT)
        self.load(address)
        if scripts:
            self.value(SETTLED)
        else:
            time.sleep(PATIENCE)  # nobody within the page can wait

    def load(self, address: str) -> None:
        """Go to an address."""
        self.ask("Page.navigate", url=address)
        while self.heard().get("method") != "Page.loadEventFired":
            pass

    def sized(self, width: int, height: int) -> None:
        """Give the window another size."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.ask("Emulation.setDeviceMetricsOverride", **size)

    def value(self, script: str) -> Any:
        """What a script in the page comes to.

        Raises:
            RuntimeError: when it fails.
        """
        answer = self.ask(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description"))
        return answer["result"].get("value")

    def picture(self, width: int, height: int) -> bytes:
        """The upper part of the page as PNG, in a window that shows all of it."""
        self.sized(width, height)
        shot = self.ask("Page.captureScreenshot")
        return base64.b64decode(shot["data"])

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer to a question."""
        self.number += 1
        asked = {"id": self.number, "method": method, "params": params}
        asked |= {"sessionId": self.session} if self.session else {}
        text = memoryview(json.dumps(asked).encode() + END)
        while text:
            text = text[os.write(self.out, text) :]
        while (heard := self.heard()).get("id") != self.number:
            pass
        if "error" in heard:
            raise RuntimeError(f"{method}: {heard['error']['message']}")
        return heard["result"]

    def heard(self) -> dict[str, Any]:
        """The next thing that the browser says."""
        while END not in self.rest:
            more = os.read(self.answers, CHUNK)
            if not more:
                raise RuntimeError("the browser has ended")
            self.rest += more
        message, _, self.rest = self.rest.partition(END)
        return json.loads(message)

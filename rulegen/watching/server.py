"""A local page that follows runs: it listens on this machine alone, and answers questions only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rulegen.grammar import ConfigError
from rulegen.ground.extras import extra
from rulegen.watching.page import compared_page, page, run_page, runs_page
from rulegen.watching.runs import Runs, shown

#: Nobody outside of this machine reaches it.
HERE = "127.0.0.1"
PORT = 8642
#: An answer about many runs reads for so long (seconds); the page asks again for the rest.
PATIENCE = 1.0
#: By which names a browser on this machine may ask; another leads here from a foreign page.
NAMES = (HERE, "localhost")


def application(folder: Path) -> Any:
    """The pages of a folder, as an application of tornado.

    Raises:
        ConfigError: when there is no run in it, or tornado is not installed.
    """
    runs = Runs(folder)
    web: Any = extra("tornado.web", "watch")

    class Page(web.RequestHandler):
        """Any of the pages."""

        def prepare(self) -> None:
            """Refuse whoever asks by a foreign name."""
            if self.request.host_name not in NAMES:
                raise web.HTTPError(403)

        def get(self, what: str) -> None:
            """Answer with a page."""
            found, names = runs.listed(), self.get_arguments("run", strip=False)
            if any(name not in found for name in names):
                raise web.HTTPError(404)
            if runs.alone or what == "run":
                name = next(iter(names or found))
                title, body = name, run_page(found[name].refresh(), runs.alone)
            elif what == "compare":
                title = "Runs compared"
                body = compared_page({name: found[name].refresh() for name in names})
            else:
                title, body = f"Runs in {runs.folder}", runs_page(runs.found(PATIENCE))
            text, policy = page(title, body)
            self.set_header("Content-Security-Policy", policy)
            self.set_header("Cache-Control", "no-store")
            self.set_header("X-Content-Type-Options", "nosniff")
            self.set_header("Referrer-Policy", "no-referrer")
            self.finish(shown(text))

    return web.Application([(r"/(run|compare|)", Page)], log_function=lambda page: None)


def serve(folder: Path, port: int, ready: Any) -> None:
    """Answer until the process is interrupted.

    Args:
        folder: of a run, or with runs in it.
        port: to listen at; 0 for one that is free.
        ready: called with the address of the page, when it can be opened.

    Raises:
        ConfigError: when there is no run, or the port is taken.
    """
    made = application(folder)
    netutil, ioloop = extra("tornado.netutil", "watch"), extra("tornado.ioloop", "watch")
    try:
        (socket, *_) = netutil.bind_sockets(port, address=HERE)
    except OSError as error:
        raise ConfigError(
            f"--port {port}: {error.strerror or error}, perhaps by another watch; choose another, "
            "or 0 for one that is free"
        ) from None
    server = extra("tornado.httpserver", "watch").HTTPServer(made)
    server.add_sockets([socket])
    ready(f"http://{HERE}:{socket.getsockname()[1]}/")
    ioloop.IOLoop.current().start()

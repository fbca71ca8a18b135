"""The built site, a server that sends it as a real one would, and what a browser says it cost."""

import gzip
import os
import shutil
import threading
from contextlib import contextmanager, suppress
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import TimeoutError

ROOT = Path(__file__).resolve().parents[1]
SITE = Path(os.environ.get("SITE", ROOT / "_build" / "html")).resolve()

BROWSERS = "chromium", "chromium-browser", "google-chrome", "chrome"
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-sandbox",  # root has none, and only our own pages are opened
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # no other host is in reach
]
NARROW = {"width": 390, "height": 844}
WIDE = {"width": 1280, "height": 900}

KILOBYTE = 1000
SLOW = {
    "offline": False,
    "latency": 150,  # milliseconds
    "downloadThroughput": 1.6e6 / 8,  # bytes per second
    "uploadThroughput": 1.6e6 / 8,
}

# Mathematics is there once every formula is typeset in the page and no font of it is on its way.
OBSERVER = """
window.seen = {paint: null, shift: 0, formulas: 0, mathematics: null};
new PerformanceObserver(list => list.getEntries().forEach(entry => {
    if (!entry.hadRecentInput) seen.shift += entry.value;
})).observe({type: "layout-shift", buffered: true});
new PerformanceObserver(list => list.getEntries().forEach(entry => {
    if (entry.name === "first-contentful-paint") seen.paint = entry.startTime;
})).observe({type: "paint", buffered: true});
(function look() {
    const formulas = [...document.querySelectorAll(".math")];
    seen.formulas = formulas.length;
    if (document.readyState === "loading" || !document.body.offsetHeight || seen.paint === null
        || formulas.some(formula => !formula.querySelector(".katex, mjx-container"))
        || [...document.fonts].some(f => /KaTeX|MJX/.test(f.family) && f.status === "loading"))
        requestAnimationFrame(look);
    else
        seen.mathematics = performance.now();
})();
"""


class Load(NamedTuple):
    """One cold load of a page: bytes as sent, times in milliseconds since its navigation began."""

    transfers: dict[str, int]  # bytes by address; one that failed is not in it
    paint: float  # first contentful paint
    shift: float  # cumulative layout shift
    formulas: int
    mathematics: float | None  # when the last formula was there; None if it never was

    @property
    def total(self) -> int:
        """The bytes of the page with all that it loads."""
        return sum(self.transfers.values())


def chromium() -> str:
    """Find the system's browser; ``CHROMIUM`` in the environment overrides.

    Raises:
        FileNotFoundError: There is none.
    """
    names = [os.environ["CHROMIUM"]] if "CHROMIUM" in os.environ else BROWSERS
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise FileNotFoundError(
            f"No browser: none of {', '.join(names)} is on the path. "
            "Install one, `apt-get install chromium`, or say where it is: CHROMIUM=/path/to/it."
        )
    return found


def pages(site: Path = SITE) -> list[str]:
    """List the pages of a built site by their addresses in it.

    Raises:
        FileNotFoundError: The site is not built.
    """
    if not (site / "index.html").exists():
        raise FileNotFoundError(f"There is no site in {site}: build it with `make book`.")
    found = (path.relative_to(site) for path in site.rglob("*.html"))
    return sorted(str(path) for path in found if not path.parts[0].startswith("_"))


@cache
def compressed(path: str, changed: float) -> bytes:
    """Pack a file, once for each time that it was ``changed``."""
    return gzip.compress(Path(path).read_bytes(), mtime=0)


class Handler(SimpleHTTPRequestHandler):
    """Sends text compressed, as GitHub Pages does, and keeps connections open."""

    protocol_version = "HTTP/1.1"
    extensions_map = {  # noqa: RUF012 - the base class has it as a dictionary, too
        ".html": "text/html; charset=utf-8",
        ".css": "text/css",
        ".js": "text/javascript",
        ".json": "application/json",
        ".svg": "image/svg+xml",
        ".png": "image/png",
        ".ico": "image/x-icon",
        ".woff": "font/woff",
        ".woff2": "font/woff2",
        "": "application/octet-stream",
    }
    packed = "text/", "application/json", "image/svg"

    def do_GET(self):
        """Send a file."""
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        kind = self.guess_type(str(path))
        pack = kind.startswith(self.packed)
        body = compressed(str(path), path.stat().st_mtime) if pack else path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        if pack:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Does not mind a browser that hangs up."""

    daemon_threads = True

    def handle_error(self, request, client_address):
        """Say nothing."""


@contextmanager
def serve(site: Path):
    """Serve a folder on this machine, and give its address."""
    with Server(("127.0.0.1", 0), partial(Handler, directory=site)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def launch(playwright):
    """Start the system's browser."""
    return playwright.chromium.launch(executable_path=chromium(), args=FLAGS)


def load(browser, address: str, *, slow: bool = False, viewport: dict = WIDE) -> Load:
    """Open a page with an empty cache, on this line and machine or on a ``slow`` one, and measure.

    On a slow one, mathematics has a minute to come.

    Raises:
        playwright.sync_api.TimeoutError: The page did not come within a minute.
    """
    addresses, transfers = {}, {}

    def ask(event):
        addresses[event["requestId"]] = event["request"]["url"]

    def receive(event):
        url = addresses[event["requestId"]]
        if url.startswith("http"):
            transfers[url] = transfers.get(url, 0) + int(event["encodedDataLength"])

    with browser.new_context(viewport=viewport) as context:
        context.add_init_script(OBSERVER)
        page = context.new_page()
        client = context.new_cdp_session(page)
        client.on("Network.requestWillBeSent", ask)
        client.on("Network.loadingFinished", receive)
        client.send("Network.enable")
        if slow:
            client.send("Network.emulateNetworkConditions", SLOW)
            client.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        page.goto(address, wait_until="networkidle", timeout=60_000)
        if slow:
            with suppress(TimeoutError):
                page.wait_for_function("seen.mathematics", timeout=60_000)
        page.wait_for_timeout(300)  # for what still moves
        return Load(transfers, **page.evaluate("seen"))

"""The built site in a real browser: ``make test-site``, or ``pytest tests/browser.py``.

A page is opened from disk unless its weight is the question. ``SITE=folder`` tests another copy.
"""

import json
import re
from functools import cache
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright
from serving import KILOBYTE, NARROW, SITE, WIDE, launch, load, pages, serve

PAGES = pages()


def fail_for(found, where="found"):
    """Fail with a line for each of the first things found, if there is any."""
    if found:
        more = [f"and {len(found) - 20} more"] if len(found) > 20 else []
        pytest.fail("\n".join([where, *list(found)[:20], *more]), pytrace=False)


@cache
def soup(path):
    """Give a page as the server sends it, before any script."""
    return BeautifulSoup((SITE / path).read_text("utf-8"), "html.parser")


ARTICLES = [path for path in PAGES if soup(path).article]  # the others lead on to one of them
CHAPTERS = [path for path in ARTICLES if path.startswith("chapters/")]

every_page = pytest.mark.parametrize("path", PAGES)
every_article = pytest.mark.parametrize("path", ARTICLES)
every_chapter = pytest.mark.parametrize("path", CHAPTERS)
both_schemes = pytest.mark.parametrize("scheme", ["light", "dark"])


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright, launch(playwright) as browser:
        yield browser


@pytest.fixture(scope="session")
def contexts():
    """Browser contexts by their options, since to make one costs as much as to open a page."""
    return {}


STILL = """
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("* { transition: none !important }");
    document.adoptedStyleSheets = [sheet];
"""


@pytest.fixture
def open_page(browser, contexts):
    """A function that opens a page of the site from disk, in a context of these options.

    ``prepare`` gets the blank page before. No style is on its way to another when a test looks.
    """
    opened = []

    def open_page(path, *, prepare=lambda page: None, viewport=WIDE, **options):
        options = {"viewport": viewport, "reduced_motion": "reduce", **options}
        key = json.dumps(options)
        if key not in contexts:
            contexts[key] = browser.new_context(**options)
            contexts[key].add_init_script(STILL)
        page = contexts[key].new_page()
        opened.append(page)
        prepare(page)
        page.goto(f"{SITE.as_uri()}/{path}")
        return page

    yield open_page
    for page in opened:
        page.close()


@pytest.fixture(scope="session")
def loads(browser):
    """A function that measures a cold load of a page from a server."""
    with serve(SITE) as host:
        yield cache(lambda path, width: load(browser, f"{host}/{path}", viewport=width_of[width]))


width_of = {"wide": WIDE, "narrow": NARROW}

UNFOLD = """() => {
    document.querySelectorAll("details").forEach(fold => fold.open = true);
    document.querySelectorAll(".commit").forEach(box => box.classList.add("committed"));
}"""

# ---------------------------------------------------------------------------------- without network


@every_page
def test_a_page_opens_without_a_request_that_leaves_or_fails_and_without_a_complaint(
    path, open_page
):
    heard = []

    def listen(page):
        page.on("request", lambda r: heard.append(("request", r.url)))
        page.on("requestfailed", lambda r: heard.append(("failed request", r.url)))
        page.on("console", lambda m: heard.append((m.type, m.text)))
        page.on("pageerror", lambda error: heard.append(("error", str(error))))

    open_page(path, prepare=listen).wait_for_load_state("networkidle")
    harmless = re.compile(r"request (file|data|blob):|(log|info|debug) ")
    fail_for([line for line in map(" ".join, heard) if not harmless.match(line)])


# -------------------------------------------------------------------------------------- mathematics

MATHEMATICS = r"""() => {
    const tex = /\\[(\[]|\\[a-zA-Z]{2,}|\$\$|\$[^$\s]([^$]*[^$\s])?\$/;
    const code = "pre, code, script, style, noscript, annotation";
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const wrong = [];
    for (let node; node = texts.nextNode();)
        if (tex.test(node.data) && !node.parentElement.closest(code))
            wrong.push(`TeX in the text: ${node.data.trim().slice(0, 80)}`);
    for (const formula of document.querySelectorAll(".math"))
        if (!formula.querySelector(".katex, math"))
            wrong.push(`not typeset: ${formula.textContent.trim().slice(0, 80)}`);
    for (const error of document.querySelectorAll(".katex-error, merror"))
        wrong.push(`rejected: ${error.textContent}`);
    const formulas = [...document.querySelectorAll("article .katex, article math")]
        .filter(formula => !formula.parentElement.closest(".katex"));
    for (const formula of formulas) {
        const {width, height} = formula.getBoundingClientRect();
        if (!width || !height) wrong.push(`without a size: ${formula.textContent}`);
    }
    const words = document.querySelector("article").innerText.split(/\s+/).length;
    return {wrong, formulas: formulas.length, words};
}"""


@every_article
def test_every_formula_is_typeset_and_all_text_is_there_even_without_scripts(path, open_page):
    seen = []
    for scripts in (True, False):
        page = open_page(path, java_script_enabled=scripts)
        page.evaluate(UNFOLD)
        seen.append(page.evaluate(MATHEMATICS))
        fail_for(seen[-1]["wrong"], "with scripts" if scripts else "without scripts")
    with_scripts, without = seen
    assert without["formulas"] == with_scripts["formulas"]
    assert without["words"] > 0.95 * with_scripts["words"]  # scripts add labels of buttons


# -------------------------------------------------------------------------------------------- links

ADDRESSES = "href", "src", "xlink:href", "action", "poster", "data"
HOSTS = {
    "arxiv.org",
    "colab.research.google.com",
    "docs.pytorch.org",
    "doi.org",
    "github.com",
    "jmlr.org",
    "openreview.net",
    "proceedings.mlr.press",
    "proceedings.neurips.cc",
}


def references(path):
    """List what a page refers to: the element, and the address."""
    found = [(tag, tag[name]) for tag in soup(path)(True) for name in ADDRESSES if tag.get(name)]
    for tag in soup(path)("meta", attrs={"http-equiv": re.compile("refresh", re.I)}):
        found.append((tag, tag["content"].partition("url=")[2]))
    return [(tag, url) for tag, url in found if not url.startswith(("data:", "mailto:"))]


def is_elsewhere(url):
    return bool(urlsplit(url).netloc or urlsplit(url).scheme)


@cache
def anchors(path):
    """List the names in a page that an address can end in."""
    tags = soup(path)(True)
    return [tag["id"] for tag in tags if tag.get("id")] + [
        tag["name"] for tag in tags if tag.name == "a" and tag.get("name")
    ]


@every_page
def test_every_internal_link_leads_to_a_file_and_an_anchor_that_exist(path):
    dead = []
    for _, url in references(path):
        if is_elsewhere(url):
            continue
        where = urlsplit(urljoin(f"/{path}", url))
        target = unquote(where.path).lstrip("/")
        fragment = unquote(where.fragment)
        if not (SITE / target).is_file() or (
            target in PAGES and fragment and fragment not in anchors(target)
        ):
            dead.append(url)
    fail_for(dead)


@every_page
def test_the_anchors_of_a_page_are_unique(path):
    names = anchors(path)
    fail_for({name for name in names if names.count(name) > 1})


@every_page
def test_another_host_is_only_ever_linked_to_and_is_a_known_one(path):
    suspicious = []
    for tag, url in references(path):
        where = urlsplit(url)
        link = tag.name == "a" or "canonical" in tag.get("rel", ())
        known = where.hostname in HOSTS or tag.name != "a"
        if is_elsewhere(url) and not (link and known and where.scheme == "https"):
            suspicious.append(f"<{tag.name}> {url}")
    for script in soup(path)("script"):
        suspicious += re.findall(r"https?://[^\s\"']+", script.text)
    fail_for(suspicious)


# ------------------------------------------------------------------------------------------- layout

OVERFLOW = """() => {
    const page = document.scrollingElement;
    if (page.scrollWidth <= page.clientWidth) return [];
    return [`${page.scrollWidth} pixels in ${page.clientWidth}`].concat(
        [...document.body.querySelectorAll("*")]
            .filter(e => e.getBoundingClientRect().right > page.clientWidth + 1)
            .slice(0, 5).map(e => e.outerHTML.slice(0, 120)));
}"""


@every_article
def test_a_page_does_not_scroll_sideways_at_any_width(path, open_page):
    page = open_page(path)
    page.evaluate(UNFOLD)
    for width in (320, 390, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        fail_for(page.evaluate(OVERFLOW), f"at a width of {width}")


# ------------------------------------------------------------------------------------ accessibility

# A scheme changes nothing but colours.
RULES = {
    "light": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "dark": ["color-contrast", "link-in-text-block"],
}
# axe takes minutes over thousands of tokens of code and glyphs. Of tokens that look alike one is
# enough, and of the picture of a formula, which a screen reader passes over, a box of its size.
THIN_OUT = """() => {
    const kinds = new Set();
    const alike = [...document.querySelectorAll("pre span:not(:has(*))")].filter(token => {
        const {color, fontWeight, opacity, backgroundColor} = getComputedStyle(token);
        const back = token.closest("pre").className + token.closest("div").className;
        const kind = [color, fontWeight, opacity, backgroundColor, back].join();
        return kinds.has(kind) || !kinds.add(kind);
    });
    const pictures = [...document.querySelectorAll(".katex-html")].map(picture => {
        const {width, height} = picture.getBoundingClientRect();
        return [picture, `display: inline-block; width: ${width}px; height: ${height}px`];
    });
    for (const token of alike) token.replaceWith(token.textContent);
    for (const [picture, style] of pictures) {
        picture.textContent = "x";
        picture.style = style;
    }
}"""
AXE = """async rules => {
    const {violations} = await axe.run({resultTypes: ["violations"], runOnly: rules});
    return violations.map(({id, help, nodes}) => [
        `${id}: ${help} (${nodes.length})`,
        ...nodes.slice(0, 3).map(({target, html}) => `    ${target}: ${html.slice(0, 160)}`),
    ].join("\\n"));
}"""


@both_schemes
@every_article
def test_axe_finds_no_violation(path, scheme, open_page):
    page = open_page(path, color_scheme=scheme)
    page.evaluate(UNFOLD)
    page.evaluate(THIN_OUT)
    page.evaluate(AXE_SCRIPT)
    for name, viewport in width_of.items():
        page.set_viewport_size(viewport)
        fail_for(page.evaluate(AXE, RULES[scheme]), f"{scheme}, {name}")


@every_article
def test_figures_and_cards_have_a_name(path):
    nameless = []
    for tag in soup(path).article(["img", "svg"]):
        if tag.find_parent(attrs={"aria-hidden": "true"}) or tag.get("aria-hidden") == "true":
            continue
        name = tag.get("alt") or tag.get("aria-label") or ""
        said = tag.name == "img" or tag.get("role") == "img"
        if not said or len(name) < 20 or re.search(r"\.(svg|png|jpe?g|webp|gif)$|\$|\\", name):
            nameless.append(str(tag)[:160])
    for card in soup(path).select(".claim"):
        if card.get("role") != "group" or not card.get("aria-label"):
            nameless.append(str(card)[:160])
    fail_for(nameless)


# ----------------------------------------------------------------------------------------- keyboard

CONTROLS = """() => {
    const look = e => {
        const style = getComputedStyle(e);
        return [style.outlineStyle, style.outlineWidth, style.boxShadow].join(" ");
    };
    const controls = [...document.querySelectorAll("button, summary, input, [role=button]")]
        .filter(e => e.checkVisibility({visibilityProperty: true}));
    const unfocused = controls.map(look);
    const missed = new Set(controls);
    const unmarked = new Set();
    window.tabbed = () => {
        const e = document.activeElement, i = controls.indexOf(e);
        missed.delete(e);
        for (const other of missed)  // arrow keys lead to the others of a group
            if (e.type === "radio" && other.form === e.form && other.name === e.name)
                missed.delete(other);
        if (i >= 0 && (look(e) === unfocused[i] || !e.checkVisibility({opacityProperty: true})))
            unmarked.add(e);
        return e !== document.body;
    };
    const markup = e => e.outerHTML.replace(/\\s+/g, " ").slice(0, 120);
    window.report = () => ({missed: [...missed].map(markup), unmarked: [...unmarked].map(markup)});
}"""


@every_chapter
def test_tab_reaches_every_control_and_shows_where_it_is(path, open_page):
    page = open_page(path)
    page.evaluate(CONTROLS)
    for _ in range(2000):
        page.keyboard.press("Tab")
        if not page.evaluate("tabbed()"):
            break
    report = page.evaluate("report()")
    fail_for(report["missed"], "Tab does not reach")
    fail_for(report["unmarked"], "no outline on")


@pytest.mark.parametrize("key", ["Enter", "Space"])
@every_chapter
def test_a_key_opens_and_closes_a_fold(path, key, open_page):
    fold = open_page(path).locator("details > summary:visible").first
    heights = [fold.evaluate("e => e.parentElement.offsetHeight")]
    for _ in range(2):
        fold.press(key)
        heights.append(fold.evaluate("e => e.parentElement.offsetHeight"))
    assert heights[0] == heights[2] != heights[1]


SCROLLERS = """() => [...document.querySelectorAll("article *")].filter(e =>
    e.clientWidth && e.scrollWidth > e.clientWidth + 1
    && /auto|scroll/.test(getComputedStyle(e).overflowX)
    && !e.hasAttribute("tabindex") && !e.querySelector("a[href], button, [tabindex]")
).map(e => e.outerHTML.slice(0, 120))"""


@every_article
def test_what_scrolls_within_the_page_can_be_focused(path, open_page):
    page = open_page(path, viewport=NARROW)
    page.evaluate(UNFOLD)
    fail_for(page.evaluate(SCROLLERS))


# -------------------------------------------------------------------------------- theme, and search


@both_schemes
def test_the_theme_follows_the_system_until_the_switch_says_otherwise(scheme, browser):
    with browser.new_context(color_scheme=scheme, viewport=WIDE) as context:
        page = context.new_page()
        page.goto((SITE / ARTICLES[0]).as_uri())
        assert page.locator("html").get_attribute("data-theme") == scheme
        modes = []
        for path in ARTICLES[1:4]:
            page.locator(".theme-switch-button:visible").click()
            modes.append(page.locator("html").get_attribute("data-mode"))
            theme = scheme if modes[-1] == "auto" else modes[-1]
            assert page.locator("html").get_attribute("data-theme") == theme
            page.goto((SITE / path).as_uri())
            assert page.locator("html").get_attribute("data-theme") == theme
        assert sorted(modes) == ["auto", "dark", "light"]


def test_search_finds_a_word_of_the_book_and_no_nonsense(open_page):
    page = open_page("search.html?q=convolution")
    page.locator("#search-results li a").first.wait_for()
    first = page.locator("#search-results li a").first.get_attribute("href")
    assert urlsplit(first).path in PAGES
    page = open_page("search.html?q=qwxzyv")
    page.locator("#search-results p.search-summary:has-text('did not match')").wait_for()
    assert page.locator("#search-results li").count() == 0


# ----------------------------------------------------------------------------------------- on paper

SHOWN = """([selector, shown]) => [...document.querySelectorAll(selector)].filter(e =>
    e.checkVisibility({visibilityProperty: true, opacityProperty: true}) === shown
).map(e => e.outerHTML.slice(0, 120))"""


@every_chapter
def test_a_chapter_prints_with_its_answers_and_without_its_controls(path, open_page):
    page = open_page(path)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    controls = "button, .bd-header, .bd-header-article, .bd-sidebar-primary, .bd-sidebar-secondary"
    fail_for(page.evaluate(SHOWN, [controls, True]), "on paper")
    fail_for(page.evaluate(SHOWN, [".solution > *, .solution section > *", False]), "not on paper")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf())) > 3


# ------------------------------------------------------------------------- statements to commit to

STORE = "dlbook.commitments"


@every_chapter
def test_a_reader_commits_by_keyboard_and_finds_the_answer_again(path, browser):
    with browser.new_context(viewport=WIDE) as context:
        page = context.new_page()
        page.goto((SITE / path).as_uri())
        box = page.locator(".commit").first
        verdict, label = box.get_attribute("data-verdict"), box.get_attribute("id")
        answer, status = box.locator(".commit-answer"), box.locator("[role=status]")
        assert not answer.is_visible()
        box.locator(f"input[value={verdict}]").press("Space")
        for _ in range(3):
            box.locator("input[type=range]").press("ArrowRight")
        box.locator("button[type=submit]").press("Enter")
        said = f"You said {verdict}, 65 % sure: right."
        assert answer.locator(".commit-decided a").is_visible()
        assert status.inner_text() == said
        assert page.evaluate("document.activeElement.type") == "reset"

        page.reload()
        assert answer.is_visible()
        assert status.inner_text() == said
        box.locator("button[type=reset]").press("Enter")
        page.wait_for_function("document.activeElement.type === 'radio'")
        assert not answer.is_visible()
        assert label not in json.loads(page.evaluate(f"localStorage['{STORE}']"))


@every_chapter
def test_a_wrong_answer_is_called_wrong(path, open_page):
    box = open_page(path).locator(".commit").first
    wrong = {"true": "false", "false": "true"}[box.get_attribute("data-verdict")]
    box.locator(f"input[value={wrong}]").check()
    box.locator("button[type=submit]").click()
    assert box.locator("[role=status]").inner_text() == f"You said {wrong}, 50 % sure: wrong."
    box.locator("button[type=reset]").click()


BROKEN_STORAGE = {
    "nonsense in it": f"localStorage.setItem('{STORE}', '{{nonsense')",
    "closed": """Object.defineProperty(window, "localStorage", {
        get() { if (document.body) throw new Error("closed"); return {getItem: () => null}; }
    })""",  # the theme asks it before there is a body, and does not survive that
}


@pytest.mark.parametrize("storage", BROKEN_STORAGE.values(), ids=BROKEN_STORAGE)
@every_chapter
def test_statements_work_with_a_storage_that_does_not(path, storage, browser):
    with browser.new_context() as context:
        context.add_init_script(storage)
        page = context.new_page()
        page.goto((SITE / path).as_uri())
        box = page.locator(".commit").last
        box.locator("input[value=true]").check()
        box.locator("button[type=submit]").click()
        assert box.locator(".commit-answer").is_visible()


@every_chapter
def test_without_scripts_a_statement_is_a_closed_disclosure(path, open_page):
    box = open_page(path, java_script_enabled=False).locator(".commit").first
    assert box.locator("form").count() == 0
    assert not box.locator(".commit-verdict").is_visible()
    box.locator("summary").press("Enter")
    assert box.locator(".commit-verdict").is_visible()


@both_schemes
@every_chapter
def test_axe_finds_no_violation_before_the_reader_commits(path, scheme, open_page):
    page = open_page(path, color_scheme=scheme)
    page.evaluate(AXE_SCRIPT)
    assert page.locator(".commit-form:visible").count()
    fail_for(page.evaluate(AXE.replace("axe.run({", "axe.run('.commit', {"), RULES["light"]))


@pytest.mark.parametrize(("what", "shown"), [("answers", True), ("questions", False)])
@every_chapter
def test_answers_print_as_the_reader_chooses(path, what, shown, open_page):
    page = open_page(path, color_scheme="dark")
    page.evaluate("window.print = () => dispatchEvent(new Event('beforeprint'))")
    page.locator(".dropdown-download-buttons > button").click()
    page.locator(f".btn-print-{what}-button").click()
    page.emulate_media(media="print")
    answers = ".solution > *, .commit-answer > *"
    fail_for(page.evaluate(SHOWN, [answers, not shown]))
    assert page.locator(answers).count()
    assert page.locator("html").get_attribute("data-theme") == "light"
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    # the theme, too, heard of the paper, and says so when it gets to it
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    assert page.locator(".solution[open]").count() == 0


# --------------------------------------------------------------------------------------- the ledger

CLAIMS = json.loads((SITE / "claims.json").read_text("utf-8"))["claims"]


def margins(page):
    return page.locator("table.ledger td:nth-child(5)").all_inner_texts()


def test_the_ledger_sorts_by_margin_and_back_by_chapter(open_page):
    page = open_page("ledger.html")
    as_written = margins(page)
    wanted = sorted(float("inf") if c["margin"] is None else c["margin"] for c in CLAIMS)
    header = page.locator("table.ledger th:nth-child(5)")
    for direction in ("ascending", "descending"):
        header.locator("button").press("Enter")
        assert header.get_attribute("aria-sort") == direction
        assert [float(text) for text in margins(page)] == pytest.approx(wanted, rel=0.06)
        wanted.reverse()
    page.locator("table.ledger th:nth-child(6) button").press("Enter")
    assert header.get_attribute("aria-sort") is None
    assert margins(page) == as_written


def test_without_scripts_the_ledger_has_every_claim_in_the_order_of_the_book(open_page):
    page = open_page("ledger.html", java_script_enabled=False)
    links = page.locator("table.ledger td:first-child a")
    assert [link.get_attribute("href") for link in links.all()] == [c["url"] for c in CLAIMS]


@every_chapter
def test_a_link_to_a_claim_leads_to_a_card_that_one_can_see(path, open_page):
    page = open_page(path)
    hidden = []
    for claim in CLAIMS:
        if claim["url"].startswith(path):
            page.evaluate("id => location.hash = id", claim["id"])
            card = page.locator(f"[id='{claim['id']}'] + *").first
            page.wait_for_timeout(20)  # hashchange comes as a task of its own
            if not card.is_visible():
                hidden.append(claim["statement"])
    assert any(claim["url"].startswith(path) for claim in CLAIMS)
    fail_for(hidden)


def test_the_home_page_says_how_many_claims_there_are():
    assert f" {len(CLAIMS)} claims" in soup("intro.html").article.get_text()


# ------------------------------------------------------------------------------------------- weight


@pytest.mark.parametrize("width", width_of)
@every_article
def test_a_page_does_not_shift_while_it_loads(path, width, loads):
    assert loads(path, width).shift < 0.03


@every_article
def test_a_page_brings_less_than_170_kilobytes_besides_its_text_and_its_figures(path, loads):
    own = re.compile(rf"/(_images/.*|{re.escape(path)})$")
    transfers = loads(path, "wide").transfers.items()
    sizes = sorted(((size, url) for url, size in transfers if not own.search(url)), reverse=True)
    total = sum(size for size, _ in sizes)
    if total >= 170 * KILOBYTE:
        fail_for([f"{size:7} {url}" for size, url in sizes], f"{total} bytes")


@every_chapter
def test_a_chapter_weighs_less_than_450_kilobytes(path, loads):
    assert loads(path, "wide").total < 450 * KILOBYTE

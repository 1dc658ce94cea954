"""report.html in a browser: every chapter and every result is opened, shows, and can be read."""

import os
import shutil
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.conftest import snakemake

WIDTH, HEIGHT = 1280, 900
SMALLEST_PX = 9
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
SCREENS = os.environ.get("FEWSKY_SCREENSHOTS")  # a folder to keep a picture of every result in
WAIT_S = 60
# Every element that shows text of its own, with the size of its letters.
LETTERS = """return [...document.querySelectorAll('body *')]
  .filter(e => e.offsetParent !== null)
  .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
  .map(e => [parseFloat(getComputedStyle(e).fontSize), e.textContent.trim().slice(0, 40)])"""
OVERFLOW = "return document.documentElement.scrollWidth - window.innerWidth"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no chromium and chromedriver"),
]


@pytest.fixture(scope="module")
def report(tiny, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    run = snakemake(tiny, "--report", str(path))
    assert run.code == 0, run.text[-3000:]
    return path


@pytest.fixture(scope="module")
def browser(report):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for word in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "hide-scrollbars"):
        options.add_argument(f"--{word}")
    options.add_argument(f"--window-size={WIDTH},{HEIGHT}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    driver.set_window_size(WIDTH, HEIGHT)
    driver.get(report.as_uri())
    WebDriverWait(driver, WAIT_S).until(lambda _: named(driver, "About"))
    yield driver
    driver.quit()


@pytest.fixture(autouse=True)
def screenshot_of_a_failure(request, tmp_path):
    failed = request.session.testsfailed
    yield
    if request.session.testsfailed > failed:
        path = tmp_path / "failure.png"
        request.getfixturevalue("browser").save_screenshot(str(path))
        print(f"what the browser showed: {path}")


def named(browser, text):
    """The links of the menu with this text."""
    return [link for link in browser.find_elements(By.TAG_NAME, "a") if link.text.strip() == text]


def open_menu(browser, text):
    """Go to the menu's first page, and from there to an entry."""
    home = browser.find_elements(By.CSS_SELECTOR, "nav a")
    if not named(browser, text):
        next(link for link in home if link.find_elements(By.TAG_NAME, "svg")).click()
    WebDriverWait(browser, WAIT_S).until(lambda _: named(browser, text))
    named(browser, text)[0].click()


def rows(browser):
    return browser.find_elements(By.CSS_SELECTOR, "tbody tr")


def errors(browser):
    """What the console says, but for warnings that Snakemake's template gives by itself."""
    return [line["message"] for line in browser.get_log("browser") if line["level"] == "SEVERE"]


def readable(browser):
    """Nothing runs out of the page sideways, and no letter is too small."""
    assert browser.execute_script(OVERFLOW) <= 0
    small = [item for item in browser.execute_script(LETTERS) if item[0] < SMALLEST_PX]
    assert small == []


def categories(browser):
    """The chapters: all entries of the menu below `Results`."""
    text = [link.text.strip() for link in browser.find_elements(By.TAG_NAME, "a")]
    return [word for word in text[text.index("About") + 1 :] if word]


def keep(browser, name):
    if SCREENS:
        Path(SCREENS).mkdir(parents=True, exist_ok=True)
        browser.save_screenshot(str(Path(SCREENS) / f"{name.replace('/', '-')}.png"))


def test_the_first_page_is_readable_and_names_the_chapters(browser):
    assert errors(browser) == []
    readable(browser)
    keep(browser, "first")
    assert categories(browser) == [
        "All chapters", "Detection", "Galaxy10", "Planetary nebulae", "Self-supervision",
        "Star/galaxy", "What was claimed",
    ]  # fmt: skip


def test_every_result_of_every_chapter_shows(browser, tiny):
    """Each figure is drawn, each table is a page, and both have their caption."""
    shown = {"figures": 0, "pages": 0, "files": 0}
    for category in categories(browser):
        open_menu(browser, category)
        WebDriverWait(browser, WAIT_S).until(lambda _: rows(browser))
        readable(browser)
        keep(browser, category)
        for k in range(len(rows(browser))):
            shown[shown_result(browser, k, f"{category} {k:02d}")] += 1
        assert errors(browser) == []
        browser.find_elements(By.CSS_SELECTOR, "nav a")[1].click()
    results = tiny / "results" / "tiny"
    assert shown["figures"] == len(list((results / "figures").glob("*.png")))
    assert shown["pages"] == shown["files"] == len(list((results / "tables").glob("tab_*.csv")))


def shown_result(browser, k, name):
    """Open the result in a row of the chapter's list, look at it, and tell of which kind it is."""
    link = rows(browser)[k].find_elements(By.TAG_NAME, "a")[0]
    if link.get_attribute("download"):
        assert link.get_attribute("href").startswith("data:text/csv")
        return "files"
    browser.execute_script("arguments[0].click()", link)  # a list may be longer than the window
    table = rows(browser)[k].text.strip().endswith("page")
    look = look_at_page if table else look_at_figure
    WebDriverWait(browser, WAIT_S).until(look, name)
    keep(browser, name)
    return "pages" if table else "figures"


def look_at_figure(browser):
    """True once an image has been drawn, large enough for its letters."""
    images = browser.execute_script(
        "return [...document.images].filter(i => !i.src.startsWith('data:image/svg'))"
        ".map(i => [i.naturalWidth, i.clientWidth, i.getBoundingClientRect().right])"
    )
    return bool(images) and all(
        natural > 0 and width > 300 and right <= WIDTH for natural, width, right in images
    )


def look_at_page(browser):
    """True once a table with rows stands in the frame; its letters are looked at, too."""
    frames = browser.find_elements(By.TAG_NAME, "iframe")
    if not frames:
        return False
    browser.switch_to.frame(frames[0])
    try:
        found = browser.find_elements(By.CSS_SELECTOR, "table tbody tr")
        if found:
            readable(browser)
            assert "SIMULATED" in browser.find_element(By.TAG_NAME, "body").text
        return bool(found)
    finally:
        browser.switch_to.default_content()

"""Opens pages of `sysmt report` in Chromium and does what a reader does.

open_page.py SMALL.html LARGE.html PICTURES: a page of three designs with hostile names and one of a large sweep; writes
pictures of them, to be looked at.
"""

import base64
import pathlib
import sys
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

SCRIPT_NAME = "<script>alert(1)</script>"
CHROMIUM = "/usr/bin/chromium"
DRIVER = "/usr/bin/chromedriver"
# Seconds in which even a busy machine shows what it was asked for.
PATIENCE = 60


def browser(profile):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in [
        "headless",
        "no-sandbox",
        "disable-gpu",
        "disable-quic",
        "disable-dev-shm-usage",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        "force-device-scale-factor=1",
        f"user-data-dir={profile}",
    ]:
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=DRIVER)
    return webdriver.Chrome(options=options, service=service)


class Page:
    def __init__(self, driver, path, pictures):
        self.driver = driver
        self.path = pathlib.Path(path).resolve()
        self.pictures = pathlib.Path(pictures)
        driver.set_window_size(1280, 900)
        self.media()
        driver.get(self.path.as_uri())
        assert driver.current_url.startswith("file://"), driver.current_url

    def media(self, media="", scheme="light"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})

    def width(self, width, height=900):
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def run(self, script, *args):
        return self.driver.execute_script(script, *args)

    def until(self, holds, act=lambda: None):
        """Act again and again until that has its effect: a busy browser lays out and tells of scrolling late."""
        end = time.monotonic() + PATIENCE
        while True:
            act()
            if holds():
                return
            assert time.monotonic() < end, self.one(".value").text
            time.sleep(0.1)

    def point(self, *elements):
        """Move the pointer over the elements in turn."""
        for element in elements:
            ActionChains(self.driver).move_to_element(element).perform()

    def column(self, table, name):
        """The shown cells of a column."""
        return self.run(
            """
            const root = document.querySelector(`[data-table="${arguments[0]}"]`);
            const heads = [...root.querySelectorAll('thead button')].map((button) => button.dataset.column);
            const place = heads.indexOf(arguments[1]);
            return [...root.querySelectorAll('tbody tr')].map((row) => row.children[place].title || row.children[place].textContent);
            """,
            table,
            name,
        )

    def numbers(self, table, name):
        texts = self.column(table, name)
        return [float(text.replace(",", "")) for text in texts if text != "–"]

    def head(self, table, name):
        return self.one(f'[data-table="{table}"] thead button[data-column="{name}"]')

    def sorting(self, table, name):
        return self.head(table, name).find_element(By.XPATH, "..").get_attribute("aria-sort")

    def status(self, table):
        return self.one(f'[data-table="{table}"] .status').text

    def filter(self, table, text):
        field = self.one(f'[data-table="{table}"] .filter')
        field.clear()
        field.send_keys(text, Keys.NULL)
        if text == "":
            self.run("arguments[0].dispatchEvent(new Event('input'))", field)
        return len(self.all(f'[data-table="{table}"] tbody tr'))

    def picture(self, name):
        shot = self.driver.execute_cdp_cmd(
            "Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True}
        )
        (self.pictures / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))

    def paper(self, name):
        printed = self.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True, "paperWidth": 8.27, "paperHeight": 11.69})
        (self.pictures / f"{name}.pdf").write_bytes(base64.b64decode(printed["data"]))

    def says_nothing(self):
        messages = self.driver.get_log("browser")
        assert messages == [], messages

    def stays_within(self):
        wide = self.run("return [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert wide[0] <= wide[1], f"{self.path.name} scrolls sideways: {wide}"


def sorts(page, table, column):
    page.head(table, column).click()
    rising = page.numbers(table, column)
    assert 2 < len(rising) and rising == sorted(rising) and rising[0] < rising[-1], rising
    assert page.sorting(table, column) == "ascending"
    page.head(table, column).click()
    assert page.numbers(table, column) == sorted(rising, reverse=True) or 200 <= len(rising), rising
    assert page.sorting(table, column) == "descending"
    # The head that was activated keeps the focus, and Enter on it sorts again.
    assert page.driver.switch_to.active_element.get_attribute("data-column") == column
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    assert page.sorting(table, column) == "ascending"
    assert page.numbers(table, column) == rising


def sorts_words(page, table, column):
    page.head(table, column).send_keys(Keys.ENTER)
    rising = page.column(table, column)
    page.head(table, column).send_keys(Keys.ENTER)
    falling = page.column(table, column)
    assert rising != falling and sorted(rising) == sorted(falling), (rising, falling)


def filters(page, table):
    n_rows = page.filter(table, "")
    assert page.status(table).startswith(f"{n_rows} rows"), page.status(table)
    n_some = page.filter(table, "plain")
    assert 0 < n_some < n_rows and page.status(table) == f"{n_some} of {n_rows} rows", page.status(table)
    values = page.numbers(table, "speedup")
    page.filter(table, "")
    middle = sorted(page.numbers(table, "speedup"))[n_rows // 2]
    n_above = page.filter(table, f"speedup>{middle}")
    assert 0 < n_above < n_rows and all(middle < value for value in page.numbers(table, "speedup")), values
    assert page.filter(table, f"plain speedup>{middle}") <= n_above
    assert page.filter(table, "no such row") == 0 and page.status(table).startswith("0 of")
    assert page.filter(table, "speedpu>1") == 0 and "no column speedpu" in page.status(table)
    # Half of a comparison does not hide all rows.
    assert page.filter(table, "speedup>") == n_rows
    assert page.filter(table, "") == n_rows


def shows_values(page):
    bubble = page.one(".value")
    assert not bubble.is_displayed()
    spot = page.all(".drawing .spot")[1]
    label = spot.get_attribute("aria-label")
    assert label
    page.run("arguments[0].scrollIntoView({block: 'center'})", spot)
    beside = page.one("#figures-heading")
    page.until(lambda: bubble.is_displayed() and bubble.text == label, lambda: page.point(beside, spot))
    # Beside every value there is none.
    page.until(lambda: not bubble.is_displayed(), lambda: page.point(beside))
    # By the keyboard: one stop for each figure, arrows within.
    first = page.one(".drawing .spot")
    assert [spot.get_attribute("tabindex") for spot in page.all(".drawing svg:first-child .spot")].count("0") == len(page.all(".drawing svg"))
    name = first.get_attribute("aria-label")
    focus = "document.activeElement.blur(); arguments[0].focus()"
    page.until(lambda: bubble.is_displayed() and bubble.text == name, lambda: page.run(focus, first))
    page.driver.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    page.until(lambda: bubble.text == label)
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    page.until(lambda: not bubble.is_displayed())
    # As a table.
    page.one("figure .values summary").click()
    page.until(lambda: [table for table in page.all("figure .values table") if table.is_displayed()])
    assert 1 < len(page.all("figure .values tbody tr"))
    page.one("figure .values summary").click()


def chooses_columns(page, table):
    root = f'[data-table="{table}"]'
    n_heads = len(page.all(f"{root} thead th"))
    page.one(f"{root} .columns summary").click()
    box = page.one(f"{root} .choices input:not(:checked)")
    box.click()
    assert len(page.all(f"{root} thead th")) == n_heads + 1
    box.click()
    assert len(page.all(f"{root} thead th")) == n_heads
    page.one(f"{root} .columns summary").click()


def looks(page, name):
    background = "return getComputedStyle(document.body).backgroundColor"
    light = page.run(background)
    page.picture(f"{name}-light")
    page.media(scheme="dark")
    assert page.run(background) != light, "dark mode is as bright as day"
    page.picture(f"{name}-dark")
    page.media()
    for width in [360, 768]:
        page.width(width)
        page.stays_within()
        page.picture(f"{name}-{width}")
    page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    page.stays_within()
    page.media(media="print", scheme="dark")
    shown = [control for control in page.all(".controls, nav") if control.is_displayed()]
    assert shown == [], [control.get_attribute("class") for control in shown]
    assert page.run(background) == light, "dark paper"
    assert page.one("table tbody tr").is_displayed()
    page.media()
    page.paper(name)


def small(page):
    assert page.run("return document.querySelectorAll('script').length") == 2
    assert page.run("return document.querySelectorAll('img, iframe, link, [onerror]').length") == 0
    assert SCRIPT_NAME in page.column("layers", "name"), page.column("layers", "name")
    assert page.one(".banner").is_displayed()
    for table in ["points", "layers"]:
        sorts(page, table, "speedup")
        filters(page, table)
        chooses_columns(page, table)
    sorts_words(page, "layers", "name")
    shows_values(page)
    looks(page, "small")
    page.says_nothing()


def large(page):
    n_laid_out = len(page.all('[data-table="points"] tbody tr'))
    assert n_laid_out == 200, n_laid_out
    took = page.run(
        """
        const start = performance.now();
        document.querySelector('[data-table="points"] thead button[data-column="speedup"]').click();
        return performance.now() - start;
        """
    )
    print(f"sorting took {took:.0f} ms")
    sorts(page, "points", "cycles")
    n_failed = page.filter("points", "overflow")
    assert 0 < n_failed < 200 and len(page.all('[data-table="points"] td.failed')) == n_failed
    page.filter("points", "")
    page.one('[data-table="points"] .more button').click()
    assert len(page.all('[data-table="points"] tbody tr')) == 1200
    page.driver.refresh()
    looks(page, "large")
    page.says_nothing()


def main():
    small_page, large_page, pictures = sys.argv[1:]
    with tempfile.TemporaryDirectory() as profile:
        driver = browser(profile)
        try:
            small(Page(driver, small_page, pictures))
            large(Page(driver, large_page, pictures))
        finally:
            driver.quit()


main()

"""Somebody with a browser, from signing up to leaving: real Chromium, driven by Selenium as
Debian has it, with JavaScript and without. What it logs to its console fails the test: a
page that breaks its own Content-Security-Policy says so there."""

import re
import time

from feeds import papers, rss
from servers import wait_for
from support import OK, Case, text_of, with_servers
from web import Served

ADDRESS = "ada@example.org"


class Browsing:
    """One Chromium with a profile of its own."""

    def __init__(self, folder, javascript=True, width=1200):
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for word in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync",
                     f"--user-data-dir={folder}", f"--window-size={width},900"):
            options.add_argument(word)
        if not javascript:
            options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))

    def open(self, url):
        self.driver.get(url)

    def find(self, css):
        return self.driver.find_element("css selector", css)

    def all(self, css):
        return self.driver.find_elements("css selector", css)

    def type(self, css, text):
        field = self.find(css)
        field.clear()
        field.send_keys(text)

    def press(self, css):
        """Presses a button and waits for the page that it brings."""
        old = self.find("html")
        self.find(css).click()
        wait_for(lambda: self._is_gone(old), 20, f"the page behind {css}")

    def _is_gone(self, element):
        from selenium.common.exceptions import StaleElementReferenceException, WebDriverException

        try:
            element.is_enabled()
            return False
        except StaleElementReferenceException:
            return True
        except WebDriverException:
            return False

    @property
    def text(self):
        return self.find("body").text

    def complaints(self):
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def quit(self):
        self.driver.quit()


@with_servers
class Browser(Case):
    def setUp(self):
        super().setUp()
        self.paperboy.profile("emmy@example.test", keywords=["network", "model"])
        self.run_ok("fetch", "--feed", self.paperboy.write("day.xml", rss(papers(40))), "--date", "2026-02-17")
        self.served = Served(self.paperboy, base_url=None)
        self.base = self.served.base_url
        self.addCleanup(self.end)

    def end(self):
        status, said = self.served.stop()
        self.assertEqual(status, OK, said)
        self.assertNotIn("runtime error", said)

    def browse(self, **options):
        browser = Browsing(self.folder / f"chromium{len(list(self.folder.glob('chromium*')))}", **options)
        self.addCleanup(browser.quit)
        return browser

    def link(self, kind, count=1):
        def found():
            links = []
            for raw in self.paperboy.delivered():
                message = self.read_mail(raw)
                if message["To"].addresses[0].addr_spec == ADDRESS:
                    links += re.findall(rf"{re.escape(self.base)}{kind}/\S+", text_of(message))
            return list(dict.fromkeys(links))
        return wait_for(lambda: len(found()) >= count and found(), 20, f"a mail with a link to {kind}")[-1]

    def live(self, browser, by_itself):
        """Signs up, previews, confirms, changes the profile and leaves."""
        browser.open(self.base)
        self.assertIn("Papers of the day", browser.text)
        browser.type("#keywords", "training")
        browser.press("main form button")
        self.assertTrue(browser.all("#preview .paper"), "what was typed on the front page is lost")
        self.assertEqual(browser.find("#keywords").get_attribute("value"), "training")
        browser.open(self.base + "subscribe")
        self.assertFalse(browser.all("#preview .paper"))
        browser.type("#keywords", "training\nmodel^3\n-graph")
        if by_itself:
            wait_for(lambda: browser.all("#preview .paper"), 20, "the preview without a button")
        else:
            time.sleep(1.1)
            browser.press("button[value=preview]")
        shown = [entry.text for entry in browser.all("#preview .paper h3 a")]
        self.assertTrue(shown)
        self.assertTrue(browser.all("#preview mark"))
        self.assertIn("model", browser.find("#preview .paper .term").text.lower() + browser.find("#preview").text)
        self.assertEqual(browser.find("#keywords").get_attribute("value").split(), ["training", "model^3", "-graph"])
        browser.type("#address", ADDRESS)
        time.sleep(1.1)
        browser.press("button[value=subscribe]")

        self.assertFalse((self.paperboy.subscribers / f"{ADDRESS}.json").exists())
        browser.open(self.link("confirm"))
        self.assertFalse((self.paperboy.subscribers / f"{ADDRESS}.json").exists())
        browser.press("main form button")
        ranked = self.run_ok("rank", "--profile", self.paperboy.subscribers / f"{ADDRESS}.json", "--json").document()
        self.assertEqual(shown, [paper["title"] for paper in ranked["papers"]][:len(shown)])

        browser.open(self.base + "profile")
        browser.type("#address", ADDRESS)
        time.sleep(1.1)
        browser.press("main form button")
        browser.open(self.link("profile"))
        browser.type("#max", "7")
        time.sleep(1.1)
        browser.press("button[value=save]")
        self.assertIn('"max_papers": 7', (self.paperboy.subscribers / f"{ADDRESS}.json").read_text())

        before = len(self.paperboy.delivered())
        self.run_ok("run", "--feed", self.paperboy.write("next.xml", rss(papers(40, first=100), "2026-02-18")), "--date", "2026-02-18")
        wait_for(lambda: len(self.paperboy.delivered()) > before, 20, "a digest")
        browser.open(self.link("unsubscribe"))
        self.assertNotIn(ADDRESS, self.run_ok("status", "--json").out)
        browser.press("main form button")
        self.assertEqual(self.run_ok("status", "--json").document()["suppressed"], 1)
        self.assertEqual(browser.complaints(), [])

    def test_life_with_javascript(self):
        self.live(self.browse(), by_itself=True)

    def test_life_without(self):
        self.live(self.browse(javascript=False), by_itself=False)

    def test_pages_fit(self):
        """Nothing sticks out sideways, at 360 and at 1200 pixels."""
        for width in (360, 1200):
            browser = self.browse(width=max(width, 500))
            browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                           {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500})
            for path in ("", "archive", "archive/2026-02-17", "subscribe", "profile"):
                browser.open(self.base + path)
                wide = browser.driver.execute_script(
                    "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
                self.assertLessEqual(wide[0], wide[1], f"{path} at {width}")
                self.assertTrue(browser.all("main h1"), path)
            self.assertEqual(browser.complaints(), [])

"""People at the pages: signing up with a preview, confirming, changing a profile, leaving
with one click, and what strangers must not learn or do."""

import contextlib
import json
import re
import sqlite3
import threading
import time
import unittest
import urllib.parse
from datetime import datetime, timezone
from xml.etree import ElementTree

from feeds import papers, rss
from hostile_smtp import HostileSmtp
from postgres import PostgresServer, with_postgres
from servers import wait_for
from support import OK, TOOL_STATUS, Case, text_of
from virtual import MovableClock, needs_clock
from web import BASE_URL, Served
from web_server import Server

MULTIPART = ("--x1\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x1--\r\n",
             {"Content-Type": "multipart/form-data; boundary=x1"})
URLENCODED = ("List-Unsubscribe=One-Click", {"Content-Type": "application/x-www-form-urlencoded"})


class People(Case):
    def setUp(self):
        super().setUp()
        self.configure()
        self.add("emmy@example.test", keywords=["network", "model"])
        self.feed = self.paperboy.write("day.xml", rss(papers(40)))
        self.run_ok("fetch", "--feed", self.feed, "--date", "2026-02-17")
        self.served = None
        self.serve(**self.serving())
        self.addCleanup(self.end)

    def configure(self):
        pass

    def serving(self):
        return {}

    def add(self, address, **keys):
        self.paperboy.profile(address, **keys)

    def serve(self, **options):
        self.served = Served(self.paperboy, **options)

    def end(self):
        if self.served is None:
            return
        status, said = self.served.stop()
        self.served = None
        self.assertNotEqual(status, TOOL_STATUS, said)
        self.assertEqual(status, OK, said)
        self.assertNotIn("runtime error", said)

    # ---- mail that was sent ----

    def mail_to(self, address, count=1):
        """The newest of at least so many messages to an address, by the outbox in a Maildir."""
        def found():
            messages = [self.read_mail(raw) for raw in self.paperboy.delivered()]
            return [message for message in messages if message["To"].addresses[0].addr_spec == address]
        wait_for(lambda: len(found()) >= count, 10, f"mail {count} to {address}")
        return max(found(), key=lambda message: str(message["Date"].datetime) + message["Subject"])

    def link_in(self, message, kind):
        return self.served.path_of(re.search(rf"{re.escape(BASE_URL)}{kind}/\S+", text_of(message)).group())

    def count_mail(self):
        time.sleep(0.5)
        return len(self.paperboy.delivered())

    def profile_of(self, address):
        return json.loads((self.paperboy.subscribers / f"{address}.json").read_text())

    def has_profile(self, address):
        return (self.paperboy.subscribers / f"{address}.json").exists()

    def sign_up(self, address="ada@example.org", **fields):
        page = self.served.get("/subscribe")
        self.assertEqual(page.status, 200, page.text)
        return self.served.send(page, "subscribe", address=address, **{"keywords": "training\nLLM^3\n-graph", **fields})

    def confirm(self, address="ada@example.org"):
        link = self.link_in(self.mail_to(address), "confirm")
        page = self.served.get(link)
        self.assertEqual(page.status, 200, page.text)
        self.assertFalse(self.has_profile(address), "asking for the page has confirmed")
        return link, self.served.send(page)

    def page_of(self, address):
        before = len(self.paperboy.delivered())
        page = self.served.get("/profile")
        answer = self.served.send(page, address=address)
        self.assertEqual(answer.status, 200, answer.text)
        wait_for(lambda: len(self.paperboy.delivered()) > before, 10, "the link")
        messages = [self.read_mail(raw) for raw in self.paperboy.delivered()]
        message = next(m for m in messages if m["To"].addresses[0].addr_spec == address and "/profile/" in text_of(m))
        return self.link_in(message, "profile")

    def unsubscribe_link(self, address):
        """Of today's digest."""
        self.run_ok("run", "--feed", self.feed, "--date", "2026-02-17", "--only", address)
        message = next(m for m in map(self.read_mail, self.paperboy.delivered())
                       if m["To"].addresses[0].addr_spec == address and "List-Unsubscribe-Post" in m)
        return message, self.served.path_of(re.search(r"<(https:[^>]*)>", message["List-Unsubscribe"]).group(1))


class SigningUp(People):
    def test_preview_confirmation_and_profile(self):
        page = self.served.get("/subscribe")
        shown = self.served.send(page, "preview", waits=False, keywords="training, LLM^3\n-graph",
                                 category=["cs.LG"], max="7", interests="patient machines")
        self.assertEqual(shown.status, 200)
        self.paperboy.write("same.jsonl", json.dumps({
            "email": "x@example.org", "keywords": ["training", {"term": "LLM", "weight": 3}], "max_papers": 7,
            "exclude_keywords": ["graph"], "categories": ["cs.LG"], "interests": "patient machines"}) + "\n")
        ranked = self.run_ok("rank", "--profiles", "same.jsonl", "--json").lines()[0]["papers"]
        self.assertTrue(ranked)
        self.assertEqual(re.findall(r'<h3[^>]*>.*?arxiv\.org/abs/([\d.]+)"', shown.text), [p["id"] for p in ranked])
        scores = re.findall(r"· score ([\d.]+)", shown.text)
        self.assertEqual([float(score) for score in scores], [round(p["score"], 1) for p in ranked])
        self.assertIn("<mark>LLM</mark>", shown.text)
        self.assertIn("papers a day", shown.words())
        self.assertEqual(shown.forms[0].fields["category"], ["cs.LG"])
        self.assertIn("LLM^3", shown.forms[0].fields["keywords"])
        self.assertEqual(self.count_mail(), 0)

        asked = self.served.send(shown, "subscribe", address="Ada@Example.org", name="Ada \"x\" Lovelace")
        self.assertEqual((asked.status, "Set-Cookie" in asked.headers), (200, False))
        self.assertIn("mailbox", asked.words())
        link, done = self.confirm()
        self.assertEqual(done.status, 200)
        self.assertIn("Welcome", done.words())
        self.assertIn("Your first digest comes with the next edition, as soon as", done.words())
        document = self.profile_of("ada@example.org")
        self.assertEqual(document["name"], "Ada x Lovelace")
        self.assertEqual(document["keywords"], ["training", {"term": "LLM", "weight": 3.0}])
        self.assertEqual(document["exclude_keywords"], ["graph"])
        self.assertEqual((document["categories"], document["max_papers"]), (["cs.LG"], 7))
        self.assertEqual(document["interests"], "patient machines")
        self.assertIn("Confirmed already", self.served.get(link).words())
        self.assertIn("Confirmed already", self.served.post(link, {}).words())

    def test_errors_stand_beside_their_fields(self):
        page = self.served.get("/subscribe")
        shown = self.served.send(page, "subscribe", address="no address", max="900", at="25:99",
                                 categories="cs.LGG, nonsense.XX", keywords="x^900")
        for text in ("This is no mail address", "A number from 1 to 500.", "“25:99” is no time", "“nonsense.XX”",
                     "is taken as cs.LG", "a weight behind ^"):
            self.assertIn(text, shown.words())
        for command in ("max 20", "at 07:30"):
            self.assertNotIn(command, shown.words())
        zone = self.served.send(page, "preview", waits=False, at="07:30", zone="Nowhere/City")
        self.assertRegex(zone.text, r'(?s)id="zone"[^>]*aria-invalid="true">\s*<span class="wrong"[^>]*>“Nowhere/City” is no time zone')
        self.assertEqual(shown.forms[0].fields["max"], "900")
        self.assertEqual(shown.forms[0].fields["address"], "no address")
        self.assertEqual(self.count_mail(), 0)

    def test_what_is_typed_is_escaped(self):
        page = self.served.get("/subscribe")
        shown = self.served.send(page, "preview", waits=False, keywords='</textarea><script>alert(1)</script>', max='"><b>')
        self.assertNotIn("<script>alert", shown.text)
        self.assertNotIn('"><b>', shown.text)
        self.assertNotRegex(shown.text, r"\son\w+=|style=")

    def test_same_answer_for_all(self):
        """Nobody learns who subscribes: the same bytes, but for the form's own token."""
        answers = {}
        self.run_ok("subscriber", "suppress", "blocked@example.org", "--reason", "owner")
        for address in ("new@example.org", "emmy@example.test", "blocked@example.org", "new@example.org"):
            answers[address] = self.sign_up(address)
        self.assertEqual({(a.status, a.text) for a in answers.values()}.__len__(), 1)
        time.sleep(1)
        told = [m["To"].addresses[0].addr_spec for m in map(self.read_mail, self.paperboy.delivered())]
        self.assertEqual(sorted(told), ["emmy@example.test", "new@example.org"], "once each in a day")
        self.assertIn("has asked on our page to change", re.sub(r"\s+", " ", text_of(self.mail_to("emmy@example.test"))))

    def test_links_to_profiles_are_told_to_nobody(self):
        page = self.served.get("/profile")
        answers = {self.served.send(page, address=address).text
                   for address in ("emmy@example.test", "nobody@example.org", "emmy@example.test")}
        self.assertEqual(len(answers), 1)
        time.sleep(1)
        self.assertEqual([m["To"].addresses[0].addr_spec for m in map(self.read_mail, self.paperboy.delivered())],
                         ["emmy@example.test"])

    def test_one_client_is_bounded(self):
        page = self.served.get("/subscribe")
        time.sleep(1.1)
        answers = [self.served.send(page, "subscribe", waits=False, address=f"victim{i}@example.org", keywords="LLM",
                                    category=["cs.LG"]) for i in range(22)]
        self.assertEqual([answer.status for answer in answers], [200] * 20 + [429] * 2)
        self.assertIn("Please send it again in 1 minute.", answers[-1].words())
        self.assertTrue(0 < int(answers[-1].headers["Retry-After"]) <= 60)
        fields = answers[-1].forms[0].fields
        self.assertEqual((fields["keywords"], fields["category"], fields["address"]),
                         ("LLM", ["cs.LG"], "victim21@example.org"))
        wait_for(lambda: len(self.paperboy.delivered()) == 20, 20, "twenty questions")
        self.assertEqual(self.count_mail(), 20)

    def test_links_of_ones_own_are_never_held_back(self):
        """Whatever others sent from where one is."""
        _, leaving = self.unsubscribe_link("emmy@example.test")
        profile = self.served.get(self.page_of("emmy@example.test"))
        page = self.served.get("/subscribe")
        time.sleep(1.1)
        for number in range(21):
            self.served.send(page, "subscribe", waits=False, address=f"other{number}@example.org", keywords="LLM")
        tried = (self.served.send(page, "preview", waits=False, keywords="LLM\nmodel") for _ in range(30))
        busy = next(a for a in tried if a.status == 429)
        self.assertEqual(busy.forms[0].fields["keywords"], "LLM\nmodel")
        tried = (self.served.send(profile, "preview", waits=False, max="9") for _ in range(30))
        self.assertEqual(next(a for a in tried if a.status == 429).forms[0].fields["max"], "9")
        confirming = self.link_in(self.mail_to("other3@example.org"), "confirm")
        self.assertEqual(self.served.post(confirming, {}).status, 200)
        self.assertTrue(self.has_profile("other3@example.org"))
        forgetting = self.served.send(profile, "forget", number=2)
        self.assertEqual(forgetting.status, 200)
        self.assertIn("asks you to confirm", forgetting.words())
        self.assertEqual(self.served.send(profile, "unsubscribe", number=2).status, 200)
        self.assertEqual(self.served.post(leaving, {}).status, 200)
        self.assertEqual(self.paperboy.status()["suppressed"], 1)

    def test_front_page_leads_to_a_preview(self):
        page = self.served.get("/")
        form = page.forms[0]
        shown = self.served.get(f"{form.action}?{urllib.parse.urlencode({**form.fields, 'keywords': 'training, LLM^3'})}")
        self.assertEqual(shown.status, 200)
        self.assertIn("<mark>LLM</mark>", shown.text)
        self.assertIn("of the newest edition, Tuesday, 17 February 2026", shown.words())
        self.assertEqual(shown.forms[0].fields["keywords"], "training, LLM^3")
        self.assertEqual((shown.forms[0].fields["max"], shown.forms[0].fields["every"]), ("30", "day"))
        link = "/subscribe?" + urllib.parse.urlencode(
            {"keywords": "x", "category": ["cs.LG", "cs.DC"], "max": "900", "do": "subscribe",
             "address": "ada@example.org", "interests": '"><b>'}, doseq=True)
        typed = self.served.get(link)
        self.assertEqual(typed.status, 200)
        fields = typed.forms[0].fields
        self.assertEqual((fields["category"], fields["max"], fields["address"]), (["cs.DC", "cs.LG"], "900", ""))
        self.assertIn("How many papers?", typed.words())
        self.assertNotIn('"><b>', typed.text)
        self.assertIn("(2 ticked)", typed.words())
        self.assertNotRegex(typed.text, r"<details[^>]* open")
        nothing = self.served.get("/subscribe?keywords=zyzzyva")
        self.assertIn("Try wider words", nothing.words())
        self.assertNotIn("Try wider words", shown.words())
        self.assertNotIn('class="paper"', self.served.get("/subscribe").text)
        self.assertIn(429, [self.served.get(link).status for _ in range(40)])
        self.assertEqual(self.served.get("/subscribe").status, 200)
        self.assertEqual(self.count_mail(), 0)

    def test_forms_of_others_and_of_programs(self):
        page = self.served.get("/subscribe")
        fields = {"keywords": "x", "address": "ada@example.org"}
        for headers in ({"Origin": "https://evil.test", "Sec-Fetch-Site": "cross-site"},
                        {"Origin": "https://evil.test", "Sec-Fetch-Site": ""},
                        {"Origin": "null", "Sec-Fetch-Site": ""}, {"Sec-Fetch-Site": "same-site"},
                        {"Sec-Fetch-Site": "cross-site"}):
            answer = self.served.send(page, "subscribe", headers=headers, **fields)
            self.assertEqual(answer.status, 403, headers)
        fresh = self.served.get("/subscribe")
        again = fresh
        for _ in range(3): # a second may end in between
            again = self.served.send(self.served.get("/subscribe"), "subscribe", waits=False,
                                     **{**fields, "website": "http://x"})
            if again.status == 400:
                break
        self.assertEqual(again.status, 400)
        self.assertEqual({name: again.forms[0].fields[name] for name in fields}, fields)
        self.assertEqual(self.served.send(again, "subscribe", website="http://x").status, 200)
        link = self.served.get("/profile")
        self.assertEqual(self.served.send(link, address="ada@example.org", token="a" * 24).forms[0].fields["address"],
                         "ada@example.org")
        token = page.forms[0].fields["token"]
        changed = token[:-1] + ("a" if token[-1] != "a" else "b")
        for forged in ("", changed, "a" * 24, self.served.get("/profile").forms[0].fields["token"]):
            self.assertEqual(self.served.send(page, "subscribe", **{**fields, "token": forged}).status, 400)
        self.assertEqual(self.served.send(page, "subscribe", website="http://x", **fields).status, 200)
        self.assertEqual(self.count_mail(), 0)

    def test_forged_and_expired_links(self):
        unknown = self.served.get("/confirm/" + "a" * 31)
        self.assertEqual(unknown.status, 404)
        for path in ("/unsubscribe/", "/profile/"):
            self.assertEqual(self.served.get(path + "a" * 31).status, 404)
            self.assertEqual(self.served.post(path + "b" * 31, {}).status, 404)
        self.sign_up()
        link = self.link_in(self.mail_to("ada@example.org"), "confirm")
        changed = link[:-1] + ("a" if link[-1] != "a" else "b")
        self.assertEqual(self.served.post(changed, {}).status, 404)
        self.assertEqual(self.served.get(link.replace("/confirm/", "/profile/")).status, 404)
        self.assertEqual(self.served.post(link.replace("/confirm/", "/unsubscribe/"), {}).status, 404)
        self.assertFalse(self.has_profile("ada@example.org"))


class Unseen(People):
    """What is decided for an address that somebody typed is decided when the page has been answered."""

    @contextlib.contextmanager
    def store_held(self):
        """Nobody else can write to it."""
        with contextlib.closing(sqlite3.connect(self.paperboy.store, isolation_level=None)) as store:
            store.execute("BEGIN IMMEDIATE")
            yield

    def test_answers_wait_for_nothing_of_the_address(self):
        pages = {address: self.served.get(path) for address, path in
                 (("new@example.org", "/subscribe"), ("emmy@example.test", "/profile"))}
        time.sleep(1.1)
        with self.store_held():
            for address, page in pages.items():
                began = time.monotonic()
                answer = self.served.send(page, "subscribe" if page.path == "/subscribe" else None, waits=False,
                                          address=address, keywords="x")
                self.assertEqual((answer.status, time.monotonic() - began < 5), (200, True), answer.text)
            self.assertEqual(self.paperboy.delivered(), [])
        for address in pages:
            self.mail_to(address)

    def test_no_mail_without_a_link(self):
        self.end()
        del self.paperboy.configuration["web"]["base_url"]
        self.paperboy.write_configuration()
        self.served = Served.__new__(Served)
        self.served.server = Server(self.paperboy)
        self.served.port, self.served.base_url = self.served.server.port, f"http://127.0.0.1:{self.served.server.port}/"
        self.assertEqual(self.served.get("/profile").status, 503)
        page = self.served.get("/subscribe")
        self.assertEqual(self.served.send(page, "preview", waits=False, keywords="training").status, 200)
        self.assertIn("its own address", self.served.send(page, "subscribe", address="new@example.org").words())
        self.assertEqual(self.count_mail(), 0)

    def test_what_was_asked_is_done_before_the_end(self):
        page = self.served.get("/subscribe")
        time.sleep(1.1)
        with self.store_held():
            self.assertEqual(self.served.send(page, "subscribe", waits=False, address="new@example.org").status, 200)
        self.end()
        self.run_ok("send")
        self.mail_to("new@example.org")


class Confirming(People):
    def test_links_are_known_at_once_everywhere(self):
        """All desks have read whom tokens may be for just before, for one that is nobody's."""
        for _ in range(3):
            asking = [threading.Thread(target=self.served.get, args=("/confirm/ce" + "a" * 29,)) for _ in range(16)]
            for thread in asking:
                thread.start()
            for thread in asking:
                thread.join()
        self.sign_up()
        link = self.link_in(self.mail_to("ada@example.org"), "confirm")
        self.assertEqual({self.served.get(link).status for _ in range(12)}, {200})
        self.assertIn("Welcome", self.served.post(link, {}).words())

    def test_a_button_pressed_twice_acts_once(self):
        self.sign_up()
        link = self.link_in(self.mail_to("ada@example.org"), "confirm")
        said, start = [], threading.Barrier(6)

        def press():
            start.wait()
            answer = self.served.post(link, {})
            said.append((answer.status, "Welcome" in answer.words(), "Confirmed already" in answer.words()))
        pressing = [threading.Thread(target=press) for _ in range(6)]
        for thread in pressing:
            thread.start()
        for thread in pressing:
            thread.join()
        self.assertEqual(sorted(said), [(200, False, True)] * 5 + [(200, True, False)])

    def test_a_broken_profile_is_our_trouble(self):
        link = self.page_of("emmy@example.test")
        _, leaving = self.unsubscribe_link("emmy@example.test")
        self.paperboy.write("subscribers/emmy@example.test.json", '{"email": "emmy@example.test",')
        broken = self.served.get(link)
        self.assertEqual((broken.status, "something is wrong here" in broken.text), (500, True), broken.text)
        wait_for(lambda: any("emmy@example.test.json" in line for line in self.served.server.lines), 5, "a line for the owner")
        self.assertEqual(self.served.post(leaving, {}).status, 200)
        self.assertEqual(self.paperboy.status()["suppressed"], 1)


@needs_clock
class Expiring(People):
    """Over days, by a clock of the test's."""

    def serving(self):
        self.clock = MovableClock(self.paperboy.folder / "clock", datetime.now(timezone.utc))
        return {"env": self.clock.environment()}

    def test_links_end_when_they_are_said_to(self):
        page = self.page_of("emmy@example.test")
        self.sign_up()
        confirm = self.link_in(self.mail_to("ada@example.org"), "confirm")
        shown = self.served.get(page)
        feed = self.served.path_of(re.search(r'"([^"]*/feed/[^"]*)"', shown.text).group(1))
        _, leave = self.unsubscribe_link("emmy@example.test")
        self.clock.move(days=6, hours=23)
        for link in (page, confirm, feed, leave):
            self.assertEqual(self.served.get(link).status, 200, link)
        # Of a form that is older than a day nothing is taken, but for trying.
        self.assertEqual(self.served.send(shown, "save", keywords="attention").status, 400)
        self.assertEqual(self.served.send(shown, "preview", keywords="attention").status, 200)
        fresh = self.served.get(page)
        # Until the end of a day (mail/token.h).
        self.clock.move(days=1, hours=2)
        for link, form in ((page, {**fresh.forms[0].fields, "do": "save"}), (confirm, {})):
            for answer in (self.served.get(link), self.served.post(link, form)):
                self.assertEqual(answer.status, 410, link)
                self.assertIn("/profile" if link == page else "/subscribe", answer.text)
        self.assertEqual(self.profile_of("emmy@example.test")["keywords"], ["network", "model"])
        self.assertFalse(self.has_profile("ada@example.org"))
        self.clock.move(days=3000)
        self.assertEqual(self.served.get(feed).status, 200)
        self.assertEqual(self.served.post(leave, {}).status, 200)
        self.assertEqual(self.paperboy.status()["suppressed"], 1)


class Leaving(People):
    def test_each_link_is_its_recipients(self):
        """Digests are copied together from pieces that many share; a token is in none of them."""
        formats, readers = ("both", "html", "text"), {}
        for i in range(24):
            address = f"reader{i:02}@example.test"
            readers[address] = self.paperboy.profile(address, keywords=["network", "model"][: 1 + i % 2], format=formats[i % 3],
                                                     name="Reader" if i % 4 else "")
        self.run_ok("run", "--feed", self.feed, "--date", "2026-02-17")
        links = {}
        for message in map(self.read_mail, self.paperboy.delivered()):
            parts = [message["List-Unsubscribe"]] + [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
            found = [set(re.findall(r"/unsubscribe/([a-z2-7]{31})", part)) for part in parts]
            self.assertEqual([len(tokens) for tokens in found], [1] * len(parts), message["To"])
            self.assertEqual(len(set.union(*found)), 1, message["To"])
            links[message["To"].addresses[0].addr_spec] = found[0].pop()
        self.assertEqual(set(links), {*readers, "emmy@example.test"})
        left = set()
        for address in list(readers)[::5]:
            self.assertEqual(self.served.ask("POST", f"/unsubscribe/{links[address]}", *URLENCODED).status, 200)
            left.add(address)
            listed = self.run_ok("subscriber", "list").out.splitlines()
            self.assertEqual({reader for reader in readers for line in listed if reader in line and "unsubscribed" in line}, left)

    def test_one_click_in_either_form(self):
        message, link = self.unsubscribe_link("emmy@example.test")
        self.assertEqual(message["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click")
        self.assertIn(BASE_URL.rstrip("/") + link, text_of(message))
        page = self.served.get(link)
        self.assertEqual(page.status, 200)
        self.assertIn("e…@e….test", page.words())
        self.assertNotIn("emmy@example.test", page.text)
        self.assertEqual(self.served.ask("HEAD", link).status, 200)
        self.assertEqual(self.paperboy.status()["suppressed"], 0, "looking has unsubscribed")
        answers = []
        for body, headers in (MULTIPART, URLENCODED, ("", {}), ("nonsense", {"Content-Type": "text/plain"})):
            answer = self.served.ask("POST", link, body, headers)
            self.assertEqual(answer.status, 200)
            self.assertNotIn("Set-Cookie", answer.headers)
            self.assertNotIn("Location", answer.headers)
            answers.append(re.sub(r'name="token" value="[^"]*"', "", answer.text))
        self.assertEqual(len(set(answers)), 1)
        self.assertEqual(self.paperboy.status()["suppressed"], 1)
        looked = self.served.get(link)
        self.assertIn("No digests come to this address", looked.words())
        self.assertNotIn("Press the button", looked.words())
        self.assertEqual(self.served.send(looked, "back", token="a" * 24).status, 400)
        back = self.served.send(looked, "back")
        self.assertEqual(back.status, 200, back.text)
        wait_for(lambda: len(self.paperboy.delivered()) == 2, 10, "the question")
        asked = next(m for m in map(self.read_mail, self.paperboy.delivered()) if "/confirm/" in text_of(m))
        confirming = self.link_in(asked, "confirm")
        self.assertEqual(self.served.post(confirming, {}).status, 200)
        self.assertEqual(self.paperboy.status()["suppressed"], 0)
        self.assertIn("Press the button", self.served.get(link).words())

    def test_who_is_erased_is_nobody(self):
        _, link = self.unsubscribe_link("emmy@example.test")
        self.run_ok("subscriber", "erase", "emmy@example.test")
        self.assertEqual(self.served.get(link).status, 404)
        self.assertEqual(self.served.post(link, {}).text, self.served.post("/unsubscribe/" + "a" * 31, {}).text)


class Changing(People):
    def test_page_changes_pauses_and_erases(self):
        link = self.page_of("emmy@example.test")
        page = self.served.get(link)
        self.assertEqual(page.status, 200)
        self.assertEqual(page.forms[0].fields["keywords"], "network\nmodel")
        self.assertNotIn("emmy@example.test", page.text)
        tried = self.served.send(page, "preview", waits=False, keywords="attention")
        self.assertIn("<mark>attention</mark>", tried.text)
        self.assertEqual(self.profile_of("emmy@example.test")["keywords"], ["network", "model"])
        saved = self.served.send(tried, "save", keywords="model\nattention^2\n-survey", max="12", category=["cs.LG", "cs.DC"])
        self.assertEqual(saved.status, 200, saved.text)
        document = self.profile_of("emmy@example.test")
        self.assertEqual(document["keywords"], ["model", {"term": "attention", "weight": 2.0}])
        self.assertEqual((document["exclude_keywords"], document["max_papers"]), (["survey"], 12))
        self.assertEqual(document["categories"], ["cs.DC", "cs.LG"] if document["categories"][0] == "cs.DC" else ["cs.LG", "cs.DC"])
        # An older page does not overwrite what was saved since.
        late = self.served.send(page, "save", keywords="something else")
        self.assertIn("has changed the profile meanwhile", late.words())
        self.assertEqual(late.forms[0].fields["keywords"], "something else")
        self.assertEqual(self.profile_of("emmy@example.test"), document)
        undone = self.served.send(saved, "undo")
        self.assertIn("taken back", undone.words())
        self.assertEqual(self.profile_of("emmy@example.test")["keywords"], ["network", "model"])
        wrong = self.served.send(undone, "pause", number=1, weeks="soon")
        self.assertEqual(wrong.words().count("For how many weeks?"), 1, wrong.words())
        self.assertNotIn("pause 2 weeks", wrong.words())
        self.assertEqual(wrong.forms[1].fields["weeks"], "soon")
        paused = self.served.send(undone, "pause", number=1, weeks="3")
        self.assertIn("Paused until", paused.words())
        self.assertIn("paused_until", self.profile_of("emmy@example.test"))
        self.served.send(paused, "resume", number=1)
        self.assertNotIn("paused_until", self.profile_of("emmy@example.test"))
        left = self.served.send(paused, "unsubscribe", number=2)
        self.assertIn("You get no", left.words())
        self.assertEqual(self.paperboy.status()["suppressed"], 1)
        back = self.served.send(left, "back")
        self.assertIn("Look into your mailbox", back.words())
        wait_for(lambda: any("/confirm/" in text_of(m) for m in map(self.read_mail, self.paperboy.delivered())), 10,
                 "the question")
        question = next(m for m in map(self.read_mail, self.paperboy.delivered()) if "/confirm/" in text_of(m))
        self.assertNotIn("mail server", text_of(question))
        self.assertEqual(self.served.post(self.link_in(question, "confirm"), {}).status, 200)
        self.assertEqual(self.paperboy.status()["suppressed"], 0)
        self.served.send(self.served.get(link), "unsubscribe", number=2)
        seen = {text_of(m) for m in map(self.read_mail, self.paperboy.delivered())}
        before = len(self.paperboy.delivered())
        self.served.send(left, "forget", number=3)
        wait_for(lambda: len(self.paperboy.delivered()) > before, 10, "the question")
        asked = next(m for m in map(self.read_mail, self.paperboy.delivered())
                     if "/confirm/" in text_of(m) and text_of(m) not in seen)
        confirming = self.link_in(asked, "confirm")
        self.assertIn("nobody can take it back", self.served.get(confirming).words())
        self.assertIn("You are forgotten", self.served.post(confirming, {}).words())
        self.assertFalse(self.has_profile("emmy@example.test"))
        self.assertEqual(self.served.get(link).status, 404)
        self.assertEqual(self.served.post(confirming, {}).status, 404)


class Feeds(People):
    def test_private_feed_follows_the_profile(self):
        page = self.served.get(self.page_of("emmy@example.test"))
        link = self.served.path_of(re.search(r'class="address"><a href="([^"]*/feed/[^"]*)"', page.text).group(1))
        feed = self.served.get(link)
        self.assertEqual(feed.status, 200, feed.text)
        self.assertTrue(feed.headers["Content-Type"].startswith("application/rss+xml"))
        self.assertTrue(feed.headers["Cache-Control"].startswith("private"))
        self.paperboy.write("same.jsonl", json.dumps({"email": "x@example.org", "keywords": ["network", "model"]}) + "\n")
        ranked = self.run_ok("rank", "--profiles", "same.jsonl", "--json").lines()[0]["papers"]
        channel = ElementTree.fromstring(feed.text).find("channel")
        self.assertTrue(channel.findtext("title").endswith(" for you"), channel.findtext("title"))
        self.assertIn("It goes on after you unsubscribe", page.words())
        items = ElementTree.fromstring(feed.text).findall("channel/item")
        self.assertEqual([item.findtext("link").rsplit("/", 1)[1] for item in items], [p["id"] for p in ranked])
        self.assertIn("network", items[0].findtext("description"))
        self.assertEqual(self.served.get(link, headers={"If-None-Match": feed.headers["ETag"]}).status, 304)
        self.paperboy.profile("emmy@example.test", keywords=["attention"])
        changed = self.served.get(link, headers={"If-None-Match": feed.headers["ETag"]})
        self.assertEqual(changed.status, 200)
        self.assertNotEqual(changed.text, feed.text)
        self.run_ok("subscriber", "suppress", "emmy@example.test", "--reason", "unsubscribed")
        self.assertEqual(self.served.get(link).status, 200)
        self.run_ok("subscriber", "erase", "emmy@example.test")
        self.assertEqual(self.served.get(link).status, 404)


class SlowSmtp(HostileSmtp):
    """A relay that thinks about each message."""

    def action(self, stage, address=None):
        if stage == "data":
            time.sleep(0.2)
        return super().action(stage, address)


class Relayed(People):
    """Over a relay that takes its time."""

    def configure(self):
        self.relay = SlowSmtp()
        self.addCleanup(self.relay.close)
        self.paperboy.write_configuration(delivery={"url": self.relay.url(), "tls": "off", "connections": 1})

    def link_of(self, address):
        message = self.read_mail(self.run_ok("preview", address, "--eml").out.encode())
        return self.served.path_of(re.search(r"<(https:[^>]*)>", message["List-Unsubscribe"]).group(1))

    def reached(self):
        return {address for _, recipients, _ in list(self.relay.accepted) for address in recipients}

    def test_who_leaves_while_digests_go_out_gets_none(self):
        readers = [f"reader{i:02}@example.test" for i in range(20)]
        for reader in readers:
            self.paperboy.profile(reader, keywords=["network", "model"])
        links = {reader: self.link_of(reader) for reader in readers[::4]}
        sending = self.paperboy.start("run", "--feed", str(self.feed), "--date", "2026-02-17")
        try:
            wait_for(self.reached, 30, "the first digest")
            leaves = next(reader for reader in reversed(links) if reader not in self.reached())
            began = time.monotonic()
            self.assertEqual(self.served.ask("POST", links[leaves], *URLENCODED).status, 200)
            self.assertLess(time.monotonic() - began, 1)
            self.assertNotIn(leaves, self.reached(), "too late for this test")
        finally:
            sending.communicate(timeout=60)
        self.assertEqual(self.reached(), {*readers, "emmy@example.test"} - {leaves})

    def test_slow_relay_holds_no_page(self):
        began = time.monotonic()
        for i in range(3):
            page = self.served.get("/subscribe")
            time.sleep(1.1)
            started = time.monotonic()
            answer = self.served.send(page, "subscribe", waits=False, address=f"new{i}@example.org")
            self.assertEqual(answer.status, 200)
            self.assertLess(time.monotonic() - started, 1)
        wait_for(lambda: len(self.reached()) == 3, 20, "three questions")
        self.assertLess(time.monotonic() - began, 30)


@with_postgres
class InPostgres(SigningUp):
    """The same with profiles in the database."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = PostgresServer().start()
        cls.addClassCleanup(cls.server.stop)

    def configure(self):
        self.paperboy.write_configuration(subscribers="store:", store=self.server.url(self.server.new_database()))

    def add(self, address, **keys):
        path = self.paperboy.write("add.jsonl", json.dumps({"email": address, **keys}) + "\n")
        self.run_ok("subscriber", "import", path)

    def profile_of(self, address):
        return json.loads(self.run_ok("subscriber", "show", address).out)

    def has_profile(self, address):
        return self.paperboy.run("subscriber", "show", address).status == OK


if __name__ == "__main__":
    unittest.main()

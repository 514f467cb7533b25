"""How arXiv is asked: not for what is there already, not while it wants to be left
alone, in parts when a feed is cut, and what the owner is told of it."""

import re
import unittest

from feeds import Answer, error_page, good, paper, papers, rss
from support import DATA, OK, UNAVAILABLE
from virtual import VirtualWeek, at, batch, busy, oai_page


def marked(items, date, etag):
    answer = good(items, date)
    answer.headers.update({"ETag": etag, "Last-Modified": "Tue, 16 Jun 2026 04:00:00 GMT"})
    return answer


class Politeness(VirtualWeek):
    def setUp(self):
        super().setUp()
        self.paperboy.profile("ada@example.test", categories=["cs.LG"])

    def validators(self):
        headers = self.arxiv.requests[-1][2]
        return headers.get("If-None-Match"), headers.get("If-Modified-Since")

    def test_what_is_there_is_not_sent_again(self):
        items = batch("2606", 1, 3)
        self.day("2026-06-15", marked(items, "2026-06-15", '"one"'))
        self.assertEqual(self.validators(), (None, None))
        self.assertEqual(self.day("2026-06-16", Answer(status=304)), {})
        self.assertEqual(self.validators(), ('"one"', "Tue, 16 Jun 2026 04:00:00 GMT"))
        self.assertEqual(self.states("2026-06-16"), {"cs.LG": "stale"}, "the old feed: today's is asked for again")
        self.assertEqual(len(self.day("2026-06-16", marked(batch("2606", 9, 3), "2026-06-16", '"two"'), "00:51")), 1)
        self.run_at(at("2026-06-16", "09:00"), "fetch", "--jsonl")
        self.assertEqual(self.validators(), (None, None), "who wants to see the papers gets them")
        self.answer = Answer(status=304)
        result = self.run_at(at("2026-06-16", "10:00"), "fetch")
        self.assertEqual(self.validators()[0], '"two"')
        self.assertRegex(result.err, "nothing that it had not")
        self.assertEqual(self.states("2026-06-16"), {"cs.LG": "complete"})

    def test_a_cut_answer_is_sent_again(self):
        whole = marked(batch("2606", 1, 8), "2026-06-16", '"one"')
        cut = Answer(whole.body[:len(whole.body) // 2], declared=len(whole.body), headers=whole.headers)
        self.day("2026-06-16", cut)
        self.day("2026-06-16", whole, "00:36")
        self.assertEqual(self.validators(), (None, None))
        self.assertEqual(self.states("2026-06-16"), {"cs.LG": "complete"})

    def test_retry_after_is_obeyed_by_every_run(self):
        for status in (429, 503):
            with self.subTest(status):
                self.paperboy.store.unlink(missing_ok=True)
                self.arxiv.requests.clear()
                self.day("2026-06-16", busy(status, 3600), "00:06", (UNAVAILABLE,))
                self.day("2026-06-16", good([], "2026-06-16"), "00:51", (UNAVAILABLE,))
                self.assertEqual(len(self.arxiv.requests), 1)
                self.day("2026-06-16", good(batch("2606", status, 1), "2026-06-16"), "01:21")
                self.assertEqual(len(self.arxiv.requests), 2)

    def test_one_pace_for_all_services(self):
        """Three seconds between two requests, of the feeds and of OAI-PMH alike."""
        self.day("2026-06-15", good(batch("2606", 1, 3), "2026-06-15"))
        self.paperboy.write_configuration(arxiv={"interval_ms": 700})
        self.arxiv.requests.clear()
        self.answer = good(batch("2606", 20, 3), "2026-06-17")
        self.oai.page_records = 2
        self.oai.announce(batch("2606", 10, 3), "2026-06-16")
        self.run_at(at("2026-06-17"))
        times = [when for _, when, _ in self.arxiv.requests]
        self.assertEqual(len(times), 3)
        for first, second in zip(times, times[1:]):
            self.assertGreater(second - first, 0.6)

    def test_a_feed_that_is_cut_at_its_limit_is_split(self):
        self.paperboy.profile("emmy@example.test", categories=["cs.AI"])
        learning, intelligence = papers(1500), papers(900, first=3000, categories=("cs.AI",))

        def feed(_):
            wanted = self.arxiv.requests[-1][0].split("/")[2].split("+")
            every = [item for item in learning + intelligence if set(item["categories"]) & set(wanted)]
            return Answer(rss(every[:2000], "2026-06-16"))

        self.arxiv.answers["rss"] = feed
        self.run_at(at("2026-06-16"))
        self.assertEqual([path.split("/")[2] for path in self.asked("rss")], ["cs.AI+cs.LG", "cs.AI", "cs.LG"])
        categories = self.edition("2026-06-16")["categories"]
        self.assertEqual({name: (category["state"], category["received"]) for name, category in categories.items()},
                         {"cs.AI": ("complete", 900), "cs.LG": ("complete", 1500)})

    def test_feeds_of_two_days(self):
        """Of two feeds one still has the day before, which was missed: its own day is awaited."""
        self.paperboy.profile("emmy@example.test", categories=["cs.AI"])
        self.day("2026-06-15", good([paper(1, day="2606", categories=["cs.AI", "cs.LG"])], "2026-06-15"))
        self.day("2026-06-16", busy(503, 600), status=(UNAVAILABLE,))
        before, today = batch("2606", 10, 2), batch("2606", 20, 2)
        intelligence = good(batch("2606", 30, 2, ("cs.AI",)), "2026-06-17")
        feeds = {"cs.AI": intelligence, "cs.LG": good(before, "2026-06-16")}
        self.arxiv.answers["rss"] = lambda _: feeds.get(self.arxiv.requests[-1][0].split("/")[2],
                                                        Answer("Bad request", status=400))
        self.run_at(at("2026-06-17"))
        self.new_mails()
        self.assertEqual(self.states("2026-06-17"), {"cs.AI": "complete", "cs.LG": "stale"})
        feeds["cs.LG"] = good(today, "2026-06-17")
        self.run_at(at("2026-06-17", "00:36"))
        self.assertEqual(self.states("2026-06-17"), {"cs.AI": "complete", "cs.LG": "complete"})
        self.arxiv.answers["rss"] = lambda _: good(batch("2606", 40, 1, ("cs.AI", "cs.LG")), "2026-06-18")
        self.run_at(at("2026-06-18"))
        self.new_mails()
        self.assertEqual(self.received("ada@example.test"),
                         {item["id"] for item in before + today} | {"2606.00001", "2606.00040"})

    def test_a_page_as_arxiv_sends_it(self):
        """A page of the real service, with the dates of its day; its token then ends the list."""
        page = (DATA / "arxiv-oai/oai-arXivRaw-2026-09-27-excerpt.xml")
        if not page.is_file():
            self.skipTest(f"no samples in {DATA}")
        self.oai.instead = lambda path: oai_page([]) if "resumptionToken" in path else Answer(page.read_bytes())
        self.day("2026-09-22", good(batch("2609", 1, 1), "2026-09-22"))
        self.day("2026-09-25", good(batch("2609", 2, 1), "2026-09-25"))
        self.assertIn("resumptionToken=tok123", self.asked("oai")[-1])
        self.assertEqual([self.edition(f"2026-09-{day}")["papers"] for day in (23, 24)], [0, 1])
        self.assertEqual(len(self.received("ada@example.test")), 3)


class WhatTheOwnerIsTold(VirtualWeek):
    def test_status_names_what_failed(self):
        self.paperboy.profile("ada@example.test", categories=["cs.LG"])
        self.assertEqual(self.paperboy.status()["fetching"], [])
        self.day("2026-06-16", busy(503, 3600), status=(UNAVAILABLE,))
        self.answer = error_page()
        result = self.run_at(at("2026-06-16", "00:30"), "status")
        self.assertRegex(result.out, r"Fetching\n  2026-06-16T04:06:0\dZ  the feeds failed, not asked again before "
                                     r"2026-06-16T05:06:\d\dZ: .*HTTP status 503")
        found, = self.run_at(at("2026-06-16", "00:30"), "status", "--json").document()["fetching"]
        self.assertEqual((found["service"], found["failures"]), ("rss", 1))
        self.assertRegex(found["again"], "^2026-06-16T05:06:")
        self.assertIn("503", found["reason"])
        self.oai.instead = busy(429, 1800)
        self.day("2026-06-17", good(batch("2606", 1, 1), "2026-06-17"))
        result = self.run_at(at("2026-06-17", "00:10"), "status")
        self.assertRegex(result.out, r"OAI-PMH failed, not asked again before 2026-06-17T04:36:\d\dZ: .*429")
        self.assertNotIn("the feeds failed", result.out)
        self.assertRegex(result.out, r"2026-06-16 +0 papers  failed; cs\.LG failed")

    def test_a_category_that_is_none(self):
        self.paperboy.profile("ada@example.test", categories=["cs.LG", "cs.LC", "xx.YY"])
        self.answer = good(batch("2606", 1, 1), "2026-06-16")
        result = self.run_at(at("2026-06-16"))
        self.assertRegex(result.err, r"cs\.LC: arXiv is not known to have this category; did you mean cs\.CL\?")
        self.assertRegex(result.err, r"xx\.YY: arXiv is not known to have this category\n")
        self.assertNotIn("cs.LG:", result.err)
        self.assertEqual(len(self.new_mails()), 1)
        self.run_at(at("2026-06-17", "12:30"))
        self.assertEqual(self.asked("oai"), [], "nothing is missing of what there is not")
        result = self.paperboy.run("subscriber", "add", "emmy@example.test", "--categories", "cs.IA")
        self.assertEqual(result.status, OK, str(result))
        self.assertRegex(result.err, r"cs\.IA: .* did you mean cs\.AI\?")


class Weekly(VirtualWeek):
    """A weekly digest without an hour waits for its own day's edition."""

    def setUp(self):
        super().setUp()
        self.paperboy.profile("ada@example.test", categories=["cs.LG"], schedule={"every": "tuesday"})
        self.paperboy.profile("emmy@example.test", categories=["cs.LG"])
        self.day("2026-06-08", good(batch("2606", 1, 2), "2026-06-08"))
        self.day("2026-06-09", good(batch("2606", 10, 2), "2026-06-09"))
        for date in ("2026-06-10", "2026-06-11", "2026-06-12", "2026-06-15"):
            self.last = good(batch("2606", 10 * int(date[-2:]), 2), date)
            self.assertEqual(list(self.day(date, self.last)), ["emmy@example.test"])

    def test_a_stale_morning(self):
        self.assertEqual(self.day("2026-06-16", Answer(self.last.body.replace(b"15 Jun", b"16 Jun"))), {})
        self.assertEqual(self.states("2026-06-16"), {"cs.LG": "stale"})
        mails = self.day("2026-06-16", good(batch("2606", 160, 2), "2026-06-16"), "13:06")
        self.assertEqual(sorted(mails), ["ada@example.test", "emmy@example.test"])
        self.assertEqual(len(self.received("ada@example.test")), 14)

    def test_a_day_that_never_comes(self):
        self.assertEqual(self.day("2026-06-16", busy(503, 600), status=(UNAVAILABLE,)), {})
        self.oai.instead = busy(503, 600)
        mails = self.day("2026-06-17", good(batch("2606", 170, 2), "2026-06-17"))
        self.assertIn("ada@example.test", mails, "the day is over")
        self.assertEqual(len(self.received("ada@example.test")), 12)


if __name__ == "__main__":
    unittest.main()

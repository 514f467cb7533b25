"""A fortnight at arXiv under a virtual clock: weekends, a holiday, stale and late
batches, cuts, outages. At its end every paper that was announced in a feed has
reached the right subscribers exactly once."""

import os
import re
import shutil
import unittest
from collections import Counter
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from feeds import Answer, Arxiv, cut, error_page, good, paper, rss
from support import OK, TEMPORARY, UNAVAILABLE, Case, text_of

NEW_YORK = ZoneInfo("America/New_York")
PAPER_ID = re.compile(r"^\s+https://arxiv\.org/abs/(\S+)$", re.M)


def at(date, clock="00:06"):
    """A moment in New York, in UTC."""
    moment = datetime.fromisoformat(f"{date}T{clock}:00").replace(tzinfo=NEW_YORK)
    return moment.astimezone(timezone.utc)


def batch(day, first, count, categories=("cs.LG",), **keys):
    return [paper(number, day=day, categories=categories, title=f"A study of caches, number {number}", **keys)
            for number in range(first, first + count)]


def busy(status, seconds):
    return Answer("Rate exceeded.", status=status, content_type="text/plain", headers={"Retry-After": str(seconds)})


@unittest.skipUnless(shutil.which("faketime"), "faketime is not installed")
class VirtualWeek(Case):
    def setUp(self):
        super().setUp()
        self.answer = good([])
        self.arxiv = Arxiv(rss=lambda _: self.answer)
        self.addCleanup(self.arxiv.close)
        self.paperboy.write_configuration(arxiv={"rss": self.arxiv.url("rss")})
        self.shown = {}  # address -> ids in the order of the mails
        self.read = set()

    def run_at(self, moment, *words, status=(OK,)):
        stamp = moment.strftime("%Y-%m-%d %H:%M:%S")
        # faketime's library is loaded before a sanitizer's.
        sanitizer = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0")))
        result = self.paperboy.run(*(words or ("run",)), prefix=("faketime", "-f", f"@{stamp}"),
                                   env={"TZ": "UTC", "ASAN_OPTIONS": sanitizer})
        self.assertIn(result.status, status, str(result))
        return result

    def new_mails(self):
        """Those that came since the last look, by address; their papers are noted."""
        found = {}
        new = self.paperboy.outbox / "new"
        for path in sorted(new.iterdir()) if new.is_dir() else []:
            if path.name in self.read:
                continue
            self.read.add(path.name)
            message = self.read_mail(path.read_bytes())
            address = message["To"].addresses[0].addr_spec
            self.assertNotIn(address, found, "two mails at once")
            found[address] = text_of(message)
            self.shown.setdefault(address, []).extend(PAPER_ID.findall(found[address]))
        return found

    def day(self, date, answer, clock="00:06", status=(OK,)):
        self.answer = answer
        self.run_at(at(date, clock), status=status)
        return self.new_mails()

    def states(self, date):
        for edition in self.paperboy.status()["editions"]:
            if edition["date"] == date:
                return {name: category["state"] for name, category in edition["categories"].items()}
        return None

    def received(self, address):
        counts = Counter(self.shown.get(address, []))
        self.assertEqual([paper_id for paper_id, count in counts.items() if count > 1], [], "shown twice")
        return set(counts)


class AWeek(VirtualWeek):
    """Everything in turn: the two who read it must miss nothing."""

    def test_every_paper_once(self):
        self.paperboy.profile("ada@example.test", categories=["cs.LG"], max_papers=500)
        self.paperboy.profile("emmy@example.test", categories=["cs.AI"], max_papers=500,
                              schedule={"every": "day", "at": "07:30", "zone": "Europe/Paris"})
        self.paperboy.profile("grace@example.test", max_papers=500, schedule={"every": "friday"})
        announced = []

        def both(day, first):
            items = batch(day, first, 6) + batch(day, first + 50, 4, ("cs.AI", "cs.LG")) + \
                batch(day, first + 80, 3, ("cs.AI",))
            announced.extend(items)
            return items

        # Thursday, as it should be.
        thursday = both("2606", 100)
        self.assertEqual(set(self.day("2026-06-11", good(thursday, "2026-06-11"))), {"ada@example.test", "emmy@example.test", "grace@example.test"})
        # Friday: a page of HTML, then 503, then the batch with a part cut off, then all of it.
        friday = both("2606", 300)
        self.assertEqual(self.day("2026-06-12", error_page(), status=(UNAVAILABLE,)), {})
        self.assertEqual(self.states("2026-06-12"), {"cs.AI": "failed", "cs.LG": "failed"})
        self.assertEqual(self.day("2026-06-12", busy(503, 1), "00:21", (UNAVAILABLE,)), {})
        whole = rss(friday, "2026-06-12").encode()
        part = Answer(whole[:int(len(whole) * 0.4)], declared=len(whole))
        mails = self.day("2026-06-12", part, "00:36")
        self.assertIn("ada@example.test", mails)
        self.assertRegex(mails["ada@example.test"], r"cs\.LG late: its papers will follow")
        self.assertEqual(self.day("2026-06-12", good(friday, "2026-06-12"), "00:51"), {}, "late papers make no mail of their own")
        self.assertEqual(set(self.states("2026-06-12").values()), {"complete"})
        # Emmy's hour comes; hers is whole.
        self.day("2026-06-12", good(friday, "2026-06-12"), "01:36")
        # The weekend: nothing is asked.
        asked = len(self.arxiv.requests)
        for date in ("2026-06-13", "2026-06-14"):
            self.assertEqual(self.day(date, error_page(), "12:00"), {})
        self.assertEqual(len(self.arxiv.requests), asked)
        # Monday: yesterday's batch under today's date, until noon.
        stale = good(friday, "2026-06-15")
        self.assertEqual(self.day("2026-06-15", stale), {})
        self.assertEqual(set(self.states("2026-06-15").values()), {"stale"})
        asked = len(self.arxiv.requests)
        self.day("2026-06-15", stale, "00:21")
        self.assertEqual(len(self.arxiv.requests), asked, "asked again at once")
        self.day("2026-06-15", stale, "00:51")
        self.assertEqual(len(self.arxiv.requests), asked + 1)
        monday = both("2606", 500)
        mails = self.day("2026-06-15", good(monday, "2026-06-15"), "12:06")
        self.assertIn("came late", mails["ada@example.test"], "Friday's late ones")
        # Complete: it is asked no more that day.
        asked = len(self.arxiv.requests)
        self.assertEqual(self.day("2026-06-15", error_page(), "15:06"), {})
        self.assertEqual(len(self.arxiv.requests), asked)
        # Tuesday: the feed was not made anew and still has Monday's date; then cs.AI alone is missing.
        tuesday = both("2606", 700)
        self.assertEqual(self.day("2026-06-16", good(monday, "2026-06-15")), {})
        learning = [item for item in tuesday if "cs.LG" in item["categories"]]
        first = [item for item in tuesday if item["categories"] == ["cs.LG"]]
        self.assertGreater(len(learning), len(first))
        mails = self.day("2026-06-16", good(first, "2026-06-16"), "00:51")
        self.assertEqual(self.states("2026-06-16"), {"cs.LG": "complete", "cs.AI": "empty"})
        # Wednesday, with what Tuesday's feed gained in a second look of the owner.
        self.answer = good(tuesday, "2026-06-16")
        self.run_at(at("2026-06-16", "09:00"), "fetch")
        self.assertEqual(self.new_mails(), {})
        wednesday = both("2606", 900)
        mails = self.day("2026-06-17", good(wednesday, "2026-06-17"), "03:00")
        # What came late goes to ada with Wednesday's; Emmy had nothing on Tuesday until then.
        self.assertIn("came late", mails["ada@example.test"])
        # Thursday: an outage of the whole day. Friday the 19th is a holiday with an empty feed.
        for clock in ("00:06", "06:06", "23:51"):
            self.assertEqual(self.day("2026-06-18", busy(429, 1), clock, (UNAVAILABLE,)), {})
        self.day("2026-06-19", good([], "2026-06-19"))
        self.assertEqual(set(self.states("2026-06-19").values()), {"empty"})
        # Monday: the last batch.
        monday = both("2606", 1100)
        self.day("2026-06-22", good(monday, "2026-06-22"), "03:00")
        self.day("2026-06-23", good([], "2026-06-23"), "03:00")
        friday = both("2606", 1300)
        self.day("2026-06-26", good(friday, "2026-06-26"), "03:00")

        def of(*categories):
            return {item["id"] for item in announced if set(item["categories"]) & set(categories)}

        self.assertEqual(self.received("ada@example.test"), of("cs.LG"))
        self.assertEqual(self.received("emmy@example.test"), of("cs.AI"))
        self.assertEqual(self.received("grace@example.test"), of("cs.LG", "cs.AI"))


def raw(number, versions):
    """An arXivRaw record of these submission dates."""
    parts = "".join(f'<version version="v{index}"><date>{date}</date><size>9kb</size></version>'
                    for index, date in enumerate(versions, 1))
    return (f"<record><header><identifier>oai:arXiv.org:2606.{number:05}</identifier><datestamp>2026-06-18</datestamp>"
            f'<setSpec>cs:cs:LG</setSpec></header><metadata><arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/">'
            f"<id>2606.{number:05}</id><submitter>A</submitter>{parts}<title>A study of caches, number {number}</title>"
            f"<authors>Ada Example</authors><categories>cs.LG</categories><abstract>Patience.</abstract></arXivRaw>"
            "</metadata></record>")


def oai(records):
    return Answer('<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
                  "<responseDate>2026-06-19T12:00:00Z</responseDate>"
                  '<request verb="ListRecords">http://x/oai</request><ListRecords>'
                  + "".join(records) + "</ListRecords></OAI-PMH>")


class CatchUp(VirtualWeek):
    def test_days_that_were_missed(self):
        self.paperboy.profile("ada@example.test", categories=["cs.LG"])
        seen = batch("2606", 1, 2)
        self.assertEqual(len(self.day("2026-06-15", good(seen, "2026-06-15"))), 1)
        self.arxiv.answers["oai"] = oai([
            raw(1, ["Fri, 12 Jun 2026 10:00:00 GMT"]),                                   # seen
            raw(10, ["Mon, 15 Jun 2026 15:00:00 GMT"]),                                  # Tuesday's
            raw(11, ["Tue, 16 Jun 2026 15:00:00 GMT"]),                                  # Wednesday's
            raw(12, ["Mon, 15 Jun 2026 15:00:00 GMT", "Tue, 16 Jun 2026 15:00:00 GMT"]),  # new, and revised at once
            raw(13, ["Fri, 1 May 2026 15:00:00 GMT"]),                                   # old, only edited
            raw(14, ["Fri, 1 May 2026 15:00:00 GMT", "Mon, 15 Jun 2026 15:00:00 GMT"]),   # old, replaced
            raw(15, ["Thu, 18 Jun 2026 15:00:00 GMT"]),                                  # still to be announced
        ])
        self.paperboy.write_configuration(arxiv={"oai": self.arxiv.url("oai")})
        self.run_at(at("2026-06-18", "03:00"), "fetch", "--since", "2026-06-16")
        editions = {edition["date"]: edition for edition in self.paperboy.status()["editions"]}
        self.assertEqual(sorted(editions), ["2026-06-15", "2026-06-16", "2026-06-17"])
        self.assertTrue(editions["2026-06-16"]["estimated"])
        self.assertTrue(editions["2026-06-16"]["complete"])
        self.assertEqual(editions["2026-06-16"]["papers"], 3)
        mails = self.day("2026-06-18", good(batch("2606", 20, 1), "2026-06-18"), "03:06")
        self.assertEqual(len(mails), 1, "one mail for all of them")
        self.assertEqual(self.received("ada@example.test"),
                         {f"2606.{number:05}" for number in (1, 2, 10, 11, 12, 20)})
        # The same again changes nothing.
        self.run_at(at("2026-06-18", "04:00"), "fetch", "--since", "2026-06-16")
        self.assertEqual(self.day("2026-06-18", good([], "2026-06-18"), "04:06"), {})


class Sentences(VirtualWeek):
    """Each promise by itself."""

    def test_new_then_crossed_then_replaced(self):
        self.paperboy.profile("ada@example.test", categories=["cs.LG"],
                              announce_types=["new", "cross", "replace", "replace-cross"])
        first = paper(1, day="2606")
        self.assertEqual(len(self.day("2026-06-15", good([first], "2026-06-15"))), 1)
        again = [{**first, "announce_type": "cross", "categories": ["cs.LG", "cs.AI"]}, paper(2, day="2606")]
        self.day("2026-06-16", good(again, "2026-06-16"))
        replaced = [{**first, "announce_type": "replace", "version": 2}, paper(3, day="2606")]
        self.day("2026-06-17", good(replaced, "2026-06-17"))
        self.assertEqual(self.received("ada@example.test"), {"2606.00001", "2606.00002", "2606.00003"})

    def test_update_of_a_liked_paper(self):
        liked = paper(1, day="2606")
        for address, updates in (("ada@example.test", True), ("emmy@example.test", False)):
            self.paperboy.profile(address, categories=["cs.LG"], liked=["2606.00001"], updates=updates)
        replaced = [{**liked, "announce_type": "replace", "version": 2}]
        mails = self.day("2026-06-16", good(replaced, "2026-06-16"))
        self.assertEqual(list(mails), ["ada@example.test"])
        self.assertIn("update of a paper you liked", mails["ada@example.test"])
        self.day("2026-06-17", good([paper(9, day="2606"), *replaced], "2026-06-17"))
        self.assertIn("2606.00001", self.received("ada@example.test"))
        self.assertNotIn("2606.00001", self.received("emmy@example.test"))

    def test_a_holiday_in_one_line(self):
        self.paperboy.profile("ada@example.test", categories=["cs.LG"], holiday_note=True)
        self.paperboy.profile("emmy@example.test", categories=["cs.LG"])
        self.assertEqual(len(self.day("2026-06-18", good(batch("2606", 1, 3), "2026-06-18"))), 2)
        mails = self.day("2026-06-19", good([], "2026-06-19"))
        self.assertEqual(list(mails), ["ada@example.test"])
        self.assertIn("arXiv announced no papers on Friday, 19 June 2026.", mails["ada@example.test"])
        self.assertNotIn("0 papers", mails["ada@example.test"])
        for clock in ("04:21", "09:06", "20:06"):
            self.assertEqual(self.day("2026-06-19", good([], "2026-06-19"), clock), {}, "once a day")

    def test_a_stale_feed_on_a_holiday_is_silence(self):
        self.paperboy.profile("ada@example.test", categories=["cs.LG"], holiday_note=True)
        items = batch("2606", 1, 3)
        self.day("2026-06-18", good(items, "2026-06-18"))
        self.assertEqual(list(self.day("2026-06-19", good(items, "2026-06-19"))), ["ada@example.test"])

    def test_a_stale_feed_on_a_weekday_is_no_holiday(self):
        self.paperboy.profile("ada@example.test", categories=["cs.LG"], holiday_note=True)
        items = batch("2606", 1, 3)
        self.day("2026-06-16", good(items, "2026-06-16"))
        self.assertEqual(self.day("2026-06-17", good(items, "2026-06-17")), {})

    def test_the_owner_s_table(self):
        self.paperboy.write("arxiv-holidays.txt", "2026-06-17 a day of our own\n")
        self.paperboy.profile("ada@example.test", categories=["cs.LG"], holiday_note=True)
        items = batch("2606", 1, 3)
        self.day("2026-06-16", good(items, "2026-06-16"))
        self.assertEqual(list(self.day("2026-06-17", good(items, "2026-06-17"))), ["ada@example.test"])
        self.paperboy.write("arxiv-holidays.txt", "# ours\nnext Friday\n")
        result = self.paperboy.run("run")
        self.assertEqual(result.status, 78, str(result))
        self.assert_says(result, r"arxiv-holidays\.txt:2", "next Friday")

    def test_papers_on_a_holiday_are_papers(self):
        self.paperboy.profile("ada@example.test", categories=["cs.LG"])
        self.assertEqual(len(self.day("2026-06-19", good(batch("2606", 1, 3), "2026-06-19"))), 1)

    def test_cut_before_the_first_paper(self):
        self.paperboy.profile("ada@example.test", categories=["cs.LG"])
        items = batch("2606", 1, 3)
        self.day("2026-06-16", cut(items, 0.05), status=(OK, UNAVAILABLE))
        self.assertEqual(len(self.day("2026-06-16", good(items, "2026-06-16"), "00:21")), 1)
        self.assertEqual(len(self.received("ada@example.test")), 3)

    def test_a_failure_takes_nothing_back(self):
        self.paperboy.profile("ada@example.test", categories=["cs.LG"])
        self.day("2026-06-16", good(batch("2606", 1, 3), "2026-06-16"))
        self.answer = error_page()
        self.run_at(at("2026-06-16", "09:00"), "fetch", status=(UNAVAILABLE, TEMPORARY, 65, 69, 70, 75))
        self.assertEqual(self.states("2026-06-16"), {"cs.LG": "complete"})

    def test_what_is_old_goes(self):
        self.paperboy.write_configuration(retention={"papers_days": 1, "deliveries_days": 1})
        self.paperboy.profile("ada@example.test", categories=["cs.LG"])
        self.day("2026-03-02", good(batch("2603", 1, 3), "2026-03-02"))
        self.day("2026-04-28", good(batch("2604", 1, 3), "2026-04-28"))
        dates = [edition["date"] for edition in self.paperboy.status()["editions"]]
        self.assertEqual(dates, ["2026-04-28", "2026-03-02"], "within the window of what was shown")
        self.day("2026-05-05", good(batch("2605", 1, 3), "2026-05-05"))
        dates = [edition["date"] for edition in self.paperboy.status()["editions"]]
        self.assertEqual(dates, ["2026-05-05", "2026-04-28"])
        self.assertEqual(self.paperboy.status()["deliveries"]["sent"], 2)

    def test_late_papers_wait_for_the_weekly_slot(self):
        self.paperboy.profile("ada@example.test", categories=["cs.LG"], schedule={"every": "tuesday"})
        items = batch("2606", 1, 6)
        # Seen for the first time on Monday: somebody new gets the latest at once.
        self.day("2026-06-15", good(batch("2606", 50, 2), "2026-06-15"))
        whole = rss(items, "2026-06-16").encode()
        mails = self.day("2026-06-16", Answer(whole[:len(whole) // 2], declared=len(whole)))
        self.assertEqual(len(mails), 1)
        self.day("2026-06-16", good(items, "2026-06-16"), "00:36")
        for date in ("2026-06-17", "2026-06-18"):
            number = int(date[-2:])
            self.assertEqual(self.day(date, good(batch("2606", 10 * number, 2), date)), {})
        mails = self.day("2026-06-23", good(batch("2606", 300, 2), "2026-06-23"))
        self.assertIn("came late", mails["ada@example.test"])
        self.assertEqual(len(self.received("ada@example.test")), 2 + 6 + 4 + 2)


if __name__ == "__main__":
    unittest.main()

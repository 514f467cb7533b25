"""Days that were missed, brought over OAI-PMH by the daily job itself: politely,
once for each need, and into one digest with the day's own papers."""

import subprocess
import threading
import unittest

from feeds import Answer, dripping, error_page, good, paper
from support import OK, UNAVAILABLE
from virtual import VirtualWeek, at, batch, busy, deleted, oai_error, oai_page, record


def raw(number, versions, **keys):
    return record(paper(number, day="2606", title=f"A study of caches, number {number}", **keys), versions)


ALL_DAY = ("00:06", "00:21", "00:51", "06:06", "12:06", "18:06")


class Since(VirtualWeek):
    """fetch --since DATE, by hand."""

    def setUp(self):
        super().setUp()
        self.paperboy.profile("ada@example.test", categories=["cs.LG"])

    def since(self, date, moment, status=(OK,)):
        return self.run_at(moment, "fetch", "--since", date, status=status)

    def test_days_that_were_missed(self):
        seen = batch("2606", 1, 2)
        self.assertEqual(len(self.day("2026-06-15", good(seen, "2026-06-15"))), 1)
        self.oai.add(
            raw(1, ["Fri, 12 Jun 2026 10:00:00 GMT"]),                                   # seen
            raw(10, ["Mon, 15 Jun 2026 15:00:00 GMT"]),                                  # Tuesday's
            raw(11, ["Tue, 16 Jun 2026 15:00:00 GMT"]),                                  # Wednesday's
            raw(12, ["Mon, 15 Jun 2026 15:00:00 GMT", "Tue, 16 Jun 2026 15:00:00 GMT"]),  # new, and revised at once
            raw(13, ["Fri, 1 May 2026 15:00:00 GMT"]),                                   # old, only edited
            raw(14, ["Fri, 1 May 2026 15:00:00 GMT", "Mon, 15 Jun 2026 15:00:00 GMT"]),   # old, replaced
            raw(15, ["Thu, 18 Jun 2026 15:00:00 GMT"]),                                  # still to be announced
            deleted(16))
        self.since("2026-06-16", at("2026-06-18", "03:00"))
        editions = {edition["date"]: edition for edition in self.paperboy.status()["editions"]}
        self.assertEqual(sorted(editions), ["2026-06-15", "2026-06-16", "2026-06-17"])
        self.assertTrue(editions["2026-06-16"]["estimated"])
        self.assertTrue(editions["2026-06-16"]["complete"])
        self.assertEqual(editions["2026-06-16"]["papers"], 3)
        self.assertEqual(editions["2026-06-16"]["categories"]["cs.LG"], {"state": "complete", "received": 3, "known": 3})
        mails = self.day("2026-06-18", good(batch("2606", 20, 1), "2026-06-18"), "03:06")
        self.assertEqual(len(mails), 1, "one mail for all of them")
        self.assertEqual(self.received("ada@example.test"),
                         {f"2606.{number:05}" for number in (1, 2, 10, 11, 12, 20)})
        # The same again changes nothing.
        self.since("2026-06-16", at("2026-06-18", "04:00"))
        self.assertEqual(self.day("2026-06-18", good([], "2026-06-18"), "04:06"), {})

    def test_asked_as_the_protocol_says(self):
        self.oai.page_records = 2
        self.oai.announce(batch("2606", 1, 5), "2026-06-16")
        self.since("2026-06-16", at("2026-06-18", "03:00"))
        first, *others = self.asked("oai")
        self.assertIn("metadataPrefix=arXivRaw", first)
        self.assertIn("set=cs%3Acs%3ALG", first)
        self.assertIn("from=2026-06-12", first, "what Tuesday announced came in from Friday's cut-off on")
        self.assertNotIn("until", first)
        self.assertEqual([("resumptionToken=" in path, "from=" in path) for path in others], [(True, False)] * 2)
        self.assertEqual(self.edition("2026-06-16")["papers"], 5)

    def test_flow_control(self):
        """503 in the midst of a list, as OAI-PMH has it: waited for, and gone on with."""
        self.oai.page_records = 2
        self.oai.announce(batch("2606", 1, 5), "2026-06-16")
        answers = iter([False, True, False, False])
        usual = self.oai.answer

        def sometimes(path):
            if next(answers):
                return busy(503, 1)
            self.oai.instead = None
            page = usual(path)
            self.oai.instead = sometimes
            return page

        self.oai.instead = sometimes
        self.since("2026-06-16", at("2026-06-18", "03:00"))
        self.assertEqual(len(self.asked("oai")), 4)
        self.assertEqual(self.edition("2026-06-16")["papers"], 5)

    def test_broken_tokens(self):
        """A token that comes back for ever, or that is refused again: what came is not
        taken for the whole, and nothing hangs."""
        item = raw(10, ["Mon, 15 Jun 2026 15:00:00 GMT"])

        def refused(path):
            return oai_error("badResumptionToken") if "resumptionToken" in path else oai_page([item], "x")

        for answer in (lambda _: oai_page([item], "x"), refused):
            self.oai.instead = answer
            result = self.since("2026-06-16", at("2026-06-18", "03:00"), (75,))
            self.assertRegex(result.err, "token|badResumptionToken")
            self.assertLess(len(self.asked("oai")), 12)
            self.assertIsNone(self.edition("2026-06-16"))

    def test_days_that_are_not_over(self):
        for date in ("2026-06-18", "2030-01-01"):
            result = self.since(date, at("2026-06-18", "03:00"), (64,))
            self.assertRegex(result.err, f"--since {date}: only days before today, which is 2026-06-18")
        result = self.run_at(at("2026-06-18"), "fetch", "--since", "2026-06-16", "--date", "2026-06-16", status=(64,))
        self.assertRegex(result.err, "--since stands alone")
        self.assertEqual(self.asked("oai"), [])

    def test_without_any_category(self):
        self.paperboy.profile("ada@example.test", categories=[])
        result = self.since("2026-06-16", at("2026-06-18", "03:00"), (78,))
        self.assertRegex(result.err, "no categories to ask arXiv for; name some")

    def test_what_is_no_protocol(self):
        for answer in (error_page(), busy(503, 600), oai_error("badArgument"), Answer("no", status=404)):
            self.oai.instead = answer
            with self.subTest(answer.body):
                self.paperboy.store.unlink(missing_ok=True)
                self.since("2026-06-16", at("2026-06-18", "03:00"), (65, 69, 70, 75))
                self.assertIsNone(self.edition("2026-06-16"))


class ByItself(VirtualWeek):
    def whole_day(self, date, answer, clocks=ALL_DAY, status=(OK,)):
        """All mails of a day, by address; nobody has two."""
        found = {}
        for clock in clocks:
            mails = self.day(date, answer, clock, status)
            self.assertEqual(set(mails) & set(found), set(), f"{date}: two mails on one day")
            found.update(mails)
        return found

    def test_the_machine_was_off(self):
        self.paperboy.profile("ada@example.test", categories=["cs.LG"])
        days = {date: batch("2606", 100 * int(date[-2:]), 3)
                for date in ("2026-06-15", "2026-06-16", "2026-06-17", "2026-06-18", "2026-06-22")}
        self.whole_day("2026-06-15", good(days["2026-06-15"], "2026-06-15"))
        self.assertEqual(self.asked("oai"), [], "nothing is missing")
        for date in list(days)[:-1]:
            self.oai.announce(days[date], date)
        mails = self.day("2026-06-22", good(days["2026-06-22"], "2026-06-22"))
        self.assertEqual(list(mails), ["ada@example.test"])
        self.assertNotIn("came late", mails["ada@example.test"], "they are all new to her")
        self.assertEqual(len(self.received("ada@example.test")), 15)
        asked = len(self.asked("oai"))
        self.assertEqual(asked, 1)
        for date in ("2026-06-16", "2026-06-17", "2026-06-18"):
            self.assertEqual((self.edition(date)["state"], self.edition(date)["estimated"]), ("complete", True))
        self.assertIsNone(self.edition("2026-06-19"), "a holiday is not missing")
        self.whole_day("2026-06-22", error_page(), ALL_DAY[1:])
        self.assertEqual(len(self.asked("oai")), asked, "once for each need")

    def test_before_the_first_day_nothing_is_missing(self):
        self.paperboy.profile("ada@example.test", categories=["cs.LG"])
        self.paperboy.write("old.xml", good(batch("2606", 1, 3), "2026-06-01").body)
        self.run_at(at("2026-06-15"), "run", "--feed", "old.xml")
        self.assertEqual(len(self.new_mails()), 1)
        self.day("2026-06-16", good(batch("2606", 10, 3), "2026-06-16"))
        self.assertEqual(self.asked("oai"), [])

    def test_an_outage_that_goes_on(self):
        """Today's feed fails too. The missed days wait for it until noon, and are then sent."""
        self.paperboy.profile("ada@example.test", categories=["cs.LG"])
        self.day("2026-06-15", good(batch("2606", 1, 3), "2026-06-15"))
        tuesday, wednesday = batch("2606", 10, 3), batch("2606", 20, 3)
        self.assertEqual(self.day("2026-06-16", busy(503, 600), status=(UNAVAILABLE,)), {})
        self.oai.announce(tuesday, "2026-06-16")
        for clock in ("00:06", "06:06"):
            self.assertEqual(self.day("2026-06-17", busy(503, 600), clock, (UNAVAILABLE,)), {})
        mails = self.day("2026-06-17", busy(503, 600), "12:06", (UNAVAILABLE,))
        self.assertEqual(list(mails), ["ada@example.test"])
        self.assertEqual(len(self.received("ada@example.test")), 6)
        self.oai.announce(wednesday, "2026-06-17")
        self.day("2026-06-18", good(batch("2606", 30, 3), "2026-06-18"))
        self.assertEqual(len(self.received("ada@example.test")), 12)

    def test_in_one_digest_with_today_s(self):
        self.paperboy.profile("ada@example.test", categories=["cs.LG"])
        self.day("2026-06-15", good(batch("2606", 1, 3), "2026-06-15"))
        self.day("2026-06-16", busy(503, 600), status=(UNAVAILABLE,))
        self.oai.announce(batch("2606", 10, 3), "2026-06-16")
        self.run_at(at("2026-06-17", "00:04"), "fetch", "--since", "2026-06-16")
        self.assertEqual(self.day("2026-06-17", busy(503, 600), status=(UNAVAILABLE,)), {})
        mails = self.day("2026-06-17", good(batch("2606", 20, 3), "2026-06-17"), "01:06")
        self.assertEqual(len(mails), 1)
        self.assertEqual(len(self.received("ada@example.test")), 9)

    def test_after_today_s_digest(self):
        """OAI-PMH answers only when today's digest is out: the next one has them, marked."""
        self.paperboy.profile("ada@example.test", categories=["cs.LG"])
        self.day("2026-06-15", good(batch("2606", 1, 3), "2026-06-15"))
        self.day("2026-06-16", busy(503, 600), status=(UNAVAILABLE,))
        self.oai.announce(batch("2606", 10, 3), "2026-06-16")
        self.oai.instead = busy(503, 600)
        today = good(batch("2606", 20, 3), "2026-06-17")
        result_mails = self.day("2026-06-17", today)
        self.assertEqual(len(result_mails), 1, "today's is not held up")
        self.assertEqual(self.states("2026-06-16"), {"cs.LG": "failed"})
        asked = len(self.asked("oai"))
        self.day("2026-06-17", today, "00:11")
        self.assertEqual(len(self.asked("oai")), asked, "it is left alone for a while")
        self.oai.instead = None
        self.assertEqual(self.day("2026-06-17", today, "06:06"), {}, "no second mail")
        self.assertEqual(self.states("2026-06-16"), {"cs.LG": "complete"})
        mails = self.day("2026-06-18", good(batch("2606", 30, 3), "2026-06-18"))
        self.assertEqual(mails["ada@example.test"].count("came late"), 3)
        self.assertEqual(len(self.received("ada@example.test")), 12)

    def test_failures_are_asked_for_less_and_less(self):
        self.paperboy.profile("ada@example.test", categories=["cs.LG"])
        self.day("2026-06-15", good(batch("2606", 1, 3), "2026-06-15"))
        self.day("2026-06-16", busy(503, 600), status=(UNAVAILABLE,))
        self.oai.instead = oai_error("badArgument", "not this one")
        for hour in range(24):
            for minute in (6, 21, 36, 51):
                self.day("2026-06-17", good(batch("2606", 20, 3), "2026-06-17"), f"{hour:02}:{minute:02}")
        self.assertIn(len(self.asked("oai")), range(6, 13))

    def test_a_truncated_feed_is_completed(self):
        """A category as long as feeds get: what they leave out comes over OAI-PMH."""
        self.paperboy.profile("ada@example.test", categories=["cs.LG"], max_papers=500, keywords=["number 2001"])
        items = batch("2606", 1, 2001)
        self.day("2026-06-16", good(items[:2000], "2026-06-16"))
        category = self.edition("2026-06-16")["categories"]["cs.LG"]
        self.assertEqual(category, {"state": "late", "received": 2000, "known": None})
        self.oai.announce(items, "2026-06-16")
        self.day("2026-06-17", good(batch("2606", 5000, 3), "2026-06-17"))
        category = self.edition("2026-06-16")["categories"]["cs.LG"]
        self.assertEqual(category, {"state": "complete", "received": 2001, "known": 2001})
        self.assertFalse(self.edition("2026-06-16")["estimated"])
        self.day("2026-06-18", good(batch("2606", 6000, 3), "2026-06-18"))
        self.assertIn("2606.02001", self.received("ada@example.test"))

    def test_a_small_category_that_the_feed_left_out(self):
        for address, category in (("ada@example.test", "cs.LG"), ("olga@example.test", "cs.OS"),
                                  ("emmy@example.test", "cs.GL")):
            self.paperboy.profile(address, categories=[category])
        learning, systems = batch("2606", 1, 3), batch("2606", 10, 1, ("cs.OS", "cs.LG"))
        self.oai.announce(learning + systems, "2026-06-16")
        self.day("2026-06-16", good(learning, "2026-06-16"))
        self.assertEqual(self.edition("2026-06-16")["categories"]["cs.OS"],
                         {"state": "empty", "received": 0, "known": None})
        self.assertEqual(self.asked("oai"), [], "not at once")
        self.assertEqual(self.day("2026-06-16", error_page(), "12:06"), {})
        categories = self.edition("2026-06-16")["categories"]
        self.assertEqual(categories["cs.OS"], {"state": "complete", "received": 1, "known": 1})
        self.assertEqual(categories["cs.GL"], {"state": "empty", "received": 0, "known": 0})
        self.assertEqual(len(self.asked("oai")), 2, "one request each")
        self.day("2026-06-16", error_page(), "18:06")
        mails = self.day("2026-06-17", good(batch("2606", 20, 3) + batch("2606", 30, 1, ("cs.GL",)) +
                                    batch("2606", 40, 1, ("cs.OS",)), "2026-06-17"))
        self.assertEqual(len(self.asked("oai")), 2)
        self.assertEqual(mails["olga@example.test"].count("came late"), 1)
        self.assertEqual(self.received("olga@example.test"), {"2606.00010", "2606.00040"})
        self.assertIn("2606.00010", self.received("ada@example.test"))

    def test_what_moderation_held(self):
        """Submitted in time for Wednesday, whose feed came and had it not: it is Thursday's, which was missed."""
        self.paperboy.profile("ada@example.test", categories=["cs.LG"])
        self.day("2026-06-08", good(batch("2606", 1, 1), "2026-06-08"))
        self.oai.instead = busy(503, 600)
        self.day("2026-06-09", busy(503, 600), status=(UNAVAILABLE,))
        self.day("2026-06-10", good(batch("2606", 10, 1), "2026-06-10"))
        self.day("2026-06-11", busy(503, 600), status=(UNAVAILABLE,))
        self.oai.instead = None
        self.oai.add(raw(20, ["Tue, 9 Jun 2026 10:00:00 GMT"]), raw(21, ["Fri, 5 Jun 2026 10:00:00 GMT"]))
        self.day("2026-06-12", good(batch("2606", 30, 1), "2026-06-12"))
        self.assertEqual([self.edition(f"2026-06-{day}")["papers"] for day in ("09", "10", "11")], [0, 1, 1])
        self.assertEqual(self.received("ada@example.test"), {f"2606.{number:05}" for number in (1, 10, 20, 30)})

    def test_replaced_before_it_was_caught_up_with(self):
        """Missed when it was new, and in today's feed as a replacement: it is new to everybody here."""
        self.paperboy.profile("ada@example.test", categories=["cs.LG"])
        self.day("2026-06-15", good(batch("2606", 1, 3), "2026-06-15"))
        self.oai.add(raw(10, ["Mon, 15 Jun 2026 10:00:00 GMT", "Tue, 16 Jun 2026 10:00:00 GMT"]))
        replaced = paper(10, day="2606", announce_type="replace", version=2)
        self.day("2026-06-17", good([*batch("2606", 20, 2), replaced], "2026-06-17"))
        self.assertEqual(self.edition("2026-06-16")["papers"], 1)
        self.day("2026-06-18", good([*batch("2606", 30, 2), {**replaced, "version": 3}], "2026-06-18"))
        self.assertEqual(self.received("ada@example.test"),
                         {f"2606.{number:05}" for number in (1, 2, 3, 10, 20, 21, 30, 31)})

    def test_types_are_those_of_the_feed(self):
        """What is of another category first is a cross-list; what was announced as new once
        is a replacement afterwards, though a day before it was missed, too."""
        for address, types in (("ada@example.test", ["new"]), ("emmy@example.test", ["new", "cross"]),
                               ("grace@example.test", ["replace"])):
            self.paperboy.profile(address, categories=["cs.LG"], announce_types=types)
        self.day("2026-06-11", good(batch("2606", 1, 1), "2026-06-11"))
        self.oai.instead = busy(503, 600)
        self.day("2026-06-12", busy(503, 600), status=(UNAVAILABLE,))
        self.day("2026-06-15", good(batch("2606", 10, 1), "2026-06-15"))
        self.oai.instead = None
        self.oai.add(raw(10, ["Fri, 12 Jun 2026 10:00:00 GMT", "Mon, 15 Jun 2026 10:00:00 GMT"]),
                     raw(20, ["Mon, 15 Jun 2026 10:00:00 GMT"]),
                     raw(21, ["Mon, 15 Jun 2026 10:00:00 GMT"], categories=("hep-th", "cs.LG")))
        self.day("2026-06-17", good(batch("2606", 30, 1), "2026-06-17"))
        self.assertEqual(self.edition("2026-06-16")["papers"], 3)
        new = {f"2606.{number:05}" for number in (1, 10, 20, 30)}
        self.assertEqual(self.received("ada@example.test"), new)
        self.assertEqual(self.received("emmy@example.test"), new | {"2606.00021"})
        self.assertEqual(self.received("grace@example.test"), {"2606.00010"})

    def test_each_category_is_kept_when_the_next_one_fails(self):
        for address, category in (("ada@example.test", "cs.AI"), ("emmy@example.test", "cs.LG")):
            self.paperboy.profile(address, categories=[category])
        self.day("2026-06-15", good(batch("2606", 1, 1, ("cs.AI", "cs.LG")), "2026-06-15"))
        self.oai.announce(batch("2606", 10, 2, ("cs.AI",)), "2026-06-16")
        usual = self.oai.answer

        def half(path):
            if "AI" not in path:
                return busy(503, 600)
            self.oai.instead = None
            page = usual(path)
            self.oai.instead = half
            return page

        self.oai.instead = half
        self.day("2026-06-17", good(batch("2606", 20, 1, ("cs.AI", "cs.LG")), "2026-06-17"))
        self.assertEqual(self.states("2026-06-16"), {"cs.AI": "complete", "cs.LG": "failed"})
        self.oai.instead = None
        self.day("2026-06-17", error_page(), "12:06")
        self.assertEqual(self.states("2026-06-16"), {"cs.AI": "complete", "cs.LG": "empty"})
        self.assertEqual(sum("AI" in path for path in self.asked("oai")), 1)

    def test_one_list_that_always_fails(self):
        """A service that repeats a token for one category for ever: the others come all the same."""
        for address, category in (("ada@example.test", "cs.AI"), ("emmy@example.test", "cs.LG")):
            self.paperboy.profile(address, categories=[category])
        self.day("2026-06-15", good(batch("2606", 1, 1, ("cs.AI", "cs.LG")), "2026-06-15"))
        self.oai.announce(batch("2606", 10, 2, ("cs.LG",)), "2026-06-16")
        usual = self.oai.answer
        item = raw(50, ["Mon, 15 Jun 2026 10:00:00 GMT"], categories=("cs.AI",))

        def one(path):
            if "AI" in path or "resumptionToken" in path:
                return oai_page([item], "x")
            self.oai.instead = None
            page = usual(path)
            self.oai.instead = one
            return page

        self.oai.instead = one
        today = good(batch("2606", 20, 1, ("cs.AI", "cs.LG")), "2026-06-17")
        self.day("2026-06-17", today)
        self.assertEqual(self.states("2026-06-16"), {"cs.AI": "failed", "cs.LG": "failed"})
        self.day("2026-06-17", today, "06:06")
        self.assertEqual(self.states("2026-06-16"), {"cs.AI": "failed", "cs.LG": "complete"})
        self.day("2026-06-18", good(batch("2606", 30, 1, ("cs.AI", "cs.LG")), "2026-06-18"))
        self.assertLessEqual({"2606.00010", "2606.00011"}, self.received("emmy@example.test"))

    def test_killed_in_the_midst(self):
        """kill -9 while a list is read: the categories before it are kept, the next run goes on."""
        for address, category in (("ada@example.test", "cs.AI"), ("emmy@example.test", "cs.LG")):
            self.paperboy.profile(address, categories=[category])
        self.day("2026-06-15", good(batch("2606", 1, 1, ("cs.AI", "cs.LG")), "2026-06-15"))
        self.oai.announce(batch("2606", 10, 2, ("cs.AI",)) + batch("2606", 20, 2), "2026-06-16")
        usual = self.oai.answer
        reached = threading.Event()

        def drip(path):
            if "AI" not in path:
                reached.set()
                return dripping(60)
            self.oai.instead = None
            page = usual(path)
            self.oai.instead = drip
            return page

        self.oai.instead = drip
        self.answer = good(batch("2606", 30, 1, ("cs.AI", "cs.LG")), "2026-06-17")
        prefix, env = self.clock(at("2026-06-17"))
        process = subprocess.Popen([*prefix, *self.paperboy.argv("run")], cwd=self.paperboy.folder,
                                   env=self.paperboy.environment(env), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.assertTrue(reached.wait(30))
        process.kill()
        process.wait()
        self.assertEqual(self.states("2026-06-16"), {"cs.AI": "complete", "cs.LG": "failed"})
        self.assertEqual(self.states("2026-06-17"), {"cs.AI": "complete", "cs.LG": "complete"})
        self.oai.instead = None
        mails = self.day("2026-06-17", error_page(), "00:21")
        self.assertEqual(sorted(mails), ["ada@example.test", "emmy@example.test"])
        self.assertEqual(self.states("2026-06-16"), {"cs.AI": "complete", "cs.LG": "complete"})
        self.assertEqual(self.received("ada@example.test"), {"2606.00001", "2606.00010", "2606.00011", "2606.00030"})
        self.assertEqual(self.received("emmy@example.test"), {"2606.00001", "2606.00020", "2606.00021", "2606.00030"})
        self.assertEqual(sum("AI" in path for path in self.asked("oai")), 1, "not asked for again")


class AFortnight(VirtualWeek):
    """Weekends, a holiday, an outage of two days, a late batch, a stale one, a paper
    that no feed has: every paper reaches the right subscribers exactly once."""

    READERS = {
        "ada@example.test": ({"cs.LG"}, {}),
        "emmy@example.test": ({"cs.AI"}, {"schedule": {"every": "day", "at": "07:30", "zone": "Europe/Paris"}}),
        "grace@example.test": (set(), {"schedule": {"every": "friday"}}),
        "olga@example.test": ({"cs.OS"}, {"schedule": {"every": "weekdays", "at": "18:00", "zone": "Asia/Tokyo"}}),
        "rosa@example.test": ({"cs.LG", "cs.OS"}, {"schedule": {"every": "monday", "at": "09:00", "zone": "UTC"}}),
    }

    def announce(self, date, number):
        items = batch("2606", number, 6) + batch("2606", number + 10, 3, ("cs.AI", "cs.LG")) + \
            batch("2606", number + 20, 2, ("cs.AI",))
        if number % 200 == 0:
            items += batch("2606", number + 30, 1, ("cs.OS",))
        self.announced += items
        self.oai.announce(items, date)
        return items

    def play(self, date, *acts):
        """Each act: a clock and what the feed answers from then on."""
        acts = dict(acts)
        mailed = []
        for clock in sorted({*ALL_DAY, *acts}):
            self.answer = acts.get(clock, self.answer)
            self.run_at(at(date, clock), status=(OK, UNAVAILABLE))
            mailed += self.new_mails()
        self.assertEqual(len(mailed), len(set(mailed)), f"{date}: two mails on one day to one of {mailed}")
        return set(mailed)

    def test_every_paper_once(self):
        self.announced = []
        for address, (categories, keys) in self.READERS.items():
            self.paperboy.profile(address, categories=sorted(categories), max_papers=500, **keys)

        def feed(items, date):
            return good(items, date)

        thursday = self.announce("2026-06-11", 100)
        self.play("2026-06-11", ("00:06", feed(thursday, "2026-06-11")))
        # An outage of two days, of all services, with a weekend between them.
        for date, number in (("2026-06-12", 200), ("2026-06-15", 300)):
            self.announce(date, number)
            self.oai.instead = busy(503, 600)
            mailed = self.play(date, ("00:06", busy(503, 600)))
            self.assertNotIn("ada@example.test", mailed)
            if date == "2026-06-12":
                for day in ("2026-06-13", "2026-06-14"):
                    self.play(day)
        self.oai.instead = None
        tuesday = self.announce("2026-06-16", 400)
        self.assertIn("ada@example.test", self.play("2026-06-16", ("00:06", feed(tuesday, "2026-06-16"))))
        # A batch that is late: cut at first.
        wednesday = self.announce("2026-06-17", 500)
        whole = feed(wednesday, "2026-06-17").body
        self.play("2026-06-17", ("00:06", Answer(whole[:len(whole) // 2], declared=len(whole))),
                  ("00:21", feed(wednesday, "2026-06-17")))
        thursday = self.announce("2026-06-18", 600)
        # A part of the feed is missing and is never made up for.
        self.play("2026-06-18", ("00:06", feed([item for item in thursday if item["categories"] != ["cs.OS"]],
                                               "2026-06-18")))
        # A holiday, and a weekend.
        self.play("2026-06-19", ("00:06", feed([], "2026-06-19")))
        for day in ("2026-06-20", "2026-06-21"):
            self.play(day)
        # Thursday's batch under Monday's date until the afternoon.
        monday = self.announce("2026-06-22", 700)
        self.play("2026-06-22", ("00:06", feed(thursday, "2026-06-22")), ("15:06", feed(monday, "2026-06-22")))
        # The machine is off on Tuesday and Wednesday.
        self.announce("2026-06-23", 800)
        self.announce("2026-06-24", 900)
        for date, number in (("2026-06-25", 1000), ("2026-06-26", 1100), ("2026-06-29", 1200), ("2026-06-30", 1300)):
            items = self.announce(date, number)
            self.play(date, ("00:06", feed(items, date)))
        # Grace's Friday and Rosa's Monday have come by then for all but the last days.
        last = {"grace@example.test": 1200, "rosa@example.test": 1300}
        for address, (categories, _) in self.READERS.items():
            numbers = last.get(address, 10000)
            want = {item["id"] for item in self.announced
                    if (not categories or categories & set(item["categories"])) and
                    int(item["id"].split(".")[1]) < numbers}
            self.assertEqual(self.received(address), want, address)
        for edition in self.paperboy.status()["editions"]:
            self.assertIn(edition["state"], ("complete", "empty"), edition)
            for category in edition["categories"].values():
                if edition["date"] not in ("2026-06-19", "2026-06-30"):
                    self.assertEqual(category["known"], category["received"], edition)


if __name__ == "__main__":
    unittest.main()

"""A fortnight at arXiv under a virtual clock: weekends, a holiday, stale and late
batches, cuts, outages. At its end every paper that was announced in a feed has
reached the right subscribers exactly once."""

import unittest

from feeds import Answer, cut, error_page, good, paper, rss
from support import OK, TEMPORARY, UNAVAILABLE
from virtual import VirtualWeek, at, batch, busy


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

    def test_an_empty_morning_is_no_silence_yet(self):
        """On a day that no table knows, an empty feed may only be an early one."""
        self.paperboy.profile("ada@example.test", categories=["cs.LG"], holiday_note=True)
        self.day("2026-06-15", good(batch("2606", 1, 3), "2026-06-15"))
        self.assertEqual(self.day("2026-06-16", good([], "2026-06-16")), {})
        mails = self.day("2026-06-16", good(batch("2606", 10, 3), "2026-06-16"), "01:06")
        self.assertNotIn("announced no papers", mails["ada@example.test"])
        self.assertEqual(self.day("2026-06-17", good([], "2026-06-17")), {})
        mails = self.day("2026-06-17", good([], "2026-06-17"), "12:06")
        self.assertIn("arXiv announced no papers on Wednesday, 17 June 2026.", mails["ada@example.test"])
        self.assertEqual(self.day("2026-06-17", good([], "2026-06-17"), "15:06"), {}, "once")

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

        def only(date, number):
            self.answer = good(batch(number, 1, 3), date)
            self.run_at(at(date), "run", "--date", date)
            return [edition["date"] for edition in self.paperboy.status()["editions"]]

        only("2026-03-02", "2603")
        self.assertEqual(only("2026-04-28", "2604"), ["2026-04-28", "2026-03-02"], "within the window of what was shown")
        self.assertEqual(only("2026-05-05", "2605"), ["2026-05-05", "2026-04-28"])
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

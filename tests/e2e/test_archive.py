"""What earlier editions are for: how rare a word is, and papers that were liked."""

import sqlite3

from feeds import paper, papers, rss
from support import Case, html_of

MONDAY, TUESDAY = "2026-02-16", "2026-02-17"


class Archive(Case):
    def setUp(self):
        super().setUp()
        archive = [paper(number, title=f"Walnut harvest {number}", abstract="Of walnuts.") for number in range(1, 61)]
        archive.append(paper(61, title="Kangaroo", abstract="Of marsupial pouches and their volume."))
        self.fetch(MONDAY, archive)
        self.today = [paper(101, title="Walnut things", abstract="Short."),
                      paper(102, title="Quince things", abstract="Short."),
                      paper(103, title="Volume of marsupial pouches", abstract="Measured again."),
                      *papers(10, first=110)]

    def fetch(self, date, items):
        self.run_ok("fetch", "--feed", self.paperboy.write(f"{date}.xml", rss(items, date=date)), "--date", date)

    def rank(self, address, *words):
        rows = self.run_ok("rank", "--json", *words).lines()
        row, = [row for row in rows if row["subscriber"] == address]
        return {entry["id"]: entry for entry in row["papers"]}

    def test_rarity_of_past_days(self):
        self.paperboy.profile("ada@example.test", keywords=["walnut", "quince"])
        self.fetch(TUESDAY, self.today)
        stored = self.rank("ada@example.test")
        self.assertEqual(list(stored), ["2602.00102", "2602.00101"])
        self.assertGreater(stored["2602.00102"]["score"], 1.1 * stored["2602.00101"]["score"])
        # By themselves the day's papers know of no difference.
        alone = self.rank("ada@example.test", "--papers", self.folder / f"{TUESDAY}.xml")
        self.assertEqual(alone["2602.00102"]["score"], alone["2602.00101"]["score"])

    def test_liked_paper_of_an_earlier_day(self):
        self.paperboy.profile("ada@example.test", liked=["2602.00061"])
        self.fetch(TUESDAY, self.today)
        found = self.rank("ada@example.test")
        self.assertIn("2602.00103", found)
        self.assertEqual({reason["field"] for reason in found["2602.00103"]["reasons"]}, {"liked"})
        preview = self.run_ok("preview", "ada@example.test", "--html").out
        self.assertIn("<u>Volume</u> of <u>marsupial</u>", preview)
        feed = self.paperboy.write("again.xml", rss(self.today, date=TUESDAY))
        self.run_ok("run", "--feed", feed, "--date", TUESDAY)
        mail, = self.mails().values()
        self.assertIn("<u>marsupial</u>", html_of(mail))

    def database(self, sql):
        path, = self.folder.glob("**/*.db")
        connection = sqlite3.connect(path)
        with connection:
            rows = connection.execute(sql).fetchall()
        connection.close()
        return rows

    def test_odd_bytes_change_nothing(self):
        """The compiled profile, the snapshot and the months are spoiled; the digest is the same."""
        self.paperboy.profile("ada@example.test", keywords=["walnut", "quince"], liked=["2602.00061"])
        feed = self.paperboy.write("day.xml", rss(self.today, date=TUESDAY))
        self.run_ok("run", "--feed", feed, "--date", TUESDAY)
        kinds = {kind for kind, in self.database("SELECT DISTINCT kind FROM derived")}
        self.assertEqual(kinds, {"archive", "archive-month", "archive-of", "profile"})
        before = self.rank("ada@example.test")
        self.database("UPDATE derived SET bytes = CAST(substr(bytes, 1, length(bytes) - 1) || 'x' AS BLOB)"
                      " WHERE kind <> 'archive-of'")
        self.assertEqual(self.rank("ada@example.test"), before)
        self.database("DELETE FROM derived")
        self.assertEqual(self.rank("ada@example.test"), before)

    def test_a_removed_profile_leaves_no_compiled_one(self):
        self.paperboy.profile("ada@example.test", keywords=["walnut", "quince"])
        feed = self.paperboy.write("day.xml", rss(self.today, date=TUESDAY))
        self.run_ok("run", "--feed", feed, "--date", TUESDAY)
        names = "SELECT name FROM derived WHERE kind = 'profile'"
        self.assertEqual(self.database(names), [("ada@example.test",)])
        self.run_ok("subscriber", "remove", "Ada@example.test")
        self.assertEqual(self.database(names), [])

    def test_dry_run_keeps_nothing(self):
        self.paperboy.profile("ada@example.test", keywords=["walnut"])
        feed = self.paperboy.write("day.xml", rss(self.today, date=TUESDAY))
        self.run_ok("run", "--dry-run", "--feed", feed, "--date", TUESDAY)
        self.assertEqual(self.database("SELECT * FROM derived"), [])

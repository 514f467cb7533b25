"""What the inbox keeps, and mailboxes and servers that are not as they should be."""

import sqlite3
import time
import unittest

from feeds import papers, rss
from support import Case

DAY = 86400


class Kept(Case):
    def setUp(self):
        super().setUp()
        self.use_examples()
        self.feed = self.paperboy.write("day.xml", rss(papers(5)))
        self.run_ok("status")

    def ask(self, *statement):
        store = sqlite3.connect(self.paperboy.store)
        try:
            rows = store.execute(*statement).fetchall()
            store.commit()
            return rows
        finally:
            store.close()

    def add_rows(self, name, age_days):
        then = int(time.time()) - age_days * DAY
        self.ask("INSERT INTO handled_mails VALUES ('imap://x/', 1, ?, ?, 'Processed', ?)", (age_days, name, then))
        self.ask("INSERT INTO mail_intents VALUES (?, 'x@example.test', x'', x'', '{}', ?)", (name, then))
        self.ask("INSERT INTO pending VALUES (?, 'subscribe', 'x@example.test', NULL, '', ?, ?, NULL, NULL, NULL)",
                 (name, then, then + 7 * DAY))
        self.ask("INSERT INTO bounces VALUES ('x@example.test', ?, 'soft', '', ?)", (then // DAY, then))
        self.ask("INSERT INTO moved_addresses VALUES (?, 'x@example.test', ?)", (name, then))

    def test_what_is_old_goes(self):
        for name, age in (("old", 61), ("weeks", 59), ("days", 6)):
            self.add_rows(name, age)
        self.run_ok("run", "--feed", self.feed)
        self.assertEqual(self.ask("SELECT hash FROM handled_mails ORDER BY hash"), [("days",), ("weeks",)])
        self.assertEqual(self.ask("SELECT hash FROM mail_intents ORDER BY hash"), [("days",), ("weeks",)])
        self.assertEqual(self.ask("SELECT id FROM pending"), [("days",)])
        self.assertEqual(len(self.ask("SELECT * FROM bounces")), 2)
        self.assertEqual(len(self.ask("SELECT * FROM moved_addresses")), 3)

    def test_bounces_are_forgotten_with_the_suppression(self):
        self.run_ok("subscriber", "suppress", "ada@example.test")
        self.ask("INSERT INTO bounces VALUES ('ada@example.test', 20000, 'dead', '', 1), ('bob@example.test', 20000, 'dead', '', 1)")
        self.run_ok("subscriber", "unsuppress", "ada@example.test")
        self.assertEqual(self.ask("SELECT address FROM bounces"), [("bob@example.test",)])


if __name__ == "__main__":
    unittest.main()

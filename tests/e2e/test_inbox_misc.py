"""What the inbox keeps, and mailboxes and servers that are not as they should be."""

import os
import sqlite3
import time
import unittest

import test_inbox
from feeds import papers, rss
from support import OK, Case

DAY = 86400


def setUpModule():
    test_inbox.setUpModule()


def tearDownModule():
    test_inbox.tearDownModule()


class Rows:
    def ask(self, *statement):
        store = sqlite3.connect(self.paperboy.store)
        try:
            rows = store.execute(*statement).fetchall()
            store.commit()
            return rows
        finally:
            store.close()


class Kept(Rows, Case):
    def setUp(self):
        super().setUp()
        self.use_examples()
        self.feed = self.paperboy.write("day.xml", rss(papers(5)))
        self.run_ok("status")

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


class Interrupted(Rows, test_inbox.Inbox):
    """Files are in no transaction: what was done to them before the store could follow is
    known when the same mail is read again."""

    def asked(self, address):
        folder = test_inbox.mail.maildir(address) / "new"
        texts = [(folder / name).read_bytes() for name in sorted(os.listdir(folder))]
        found = [one for one in map(self.read_mail, texts) if "+confirm-" in one.as_string().replace("=\n", "")]
        self.seen[address] = set(os.listdir(folder))
        return self.link(found[-1], "confirm")

    def confirm(self, address, link):
        self.write_to(address, subject="confirm", to=link, vouched=False)

    def ask_to_move(self):
        ada, new = self.user("ada"), self.user("new")
        self.paperboy.profile(ada, keywords=["LLM"])
        self.write_to(ada, "address " + new)
        self.read_inbox()
        self.confirm(ada, self.asked(ada))
        self.read_inbox()
        self.confirm(new, self.asked(new))
        self.ask("CREATE TRIGGER stop BEFORE INSERT ON moved_addresses BEGIN SELECT RAISE(ABORT, 'stopped'); END")
        self.assertNotEqual(self.paperboy.run("inbox").status, OK)
        self.ask("DROP TRIGGER stop")
        self.assertTrue((self.paperboy.subscribers / f"{new}.json").exists())
        self.assertEqual(self.ask("SELECT count(*) FROM moved_addresses"), [(0,)])
        return ada, new

    def check_moved(self, ada, new):
        self.read_inbox()
        self.assertFalse((self.paperboy.subscribers / f"{ada}.json").exists(), "there are two of them")
        self.assertIn("LLM", self.document(new))
        self.assertEqual(self.ask("SELECT address, other FROM moved_addresses"), [(ada, new)])
        self.assertEqual(self.ask("SELECT count(*) FROM pending WHERE done_utc IS NULL"), [(0,)])
        self.next_mail(new)

    def test_move_half(self):
        self.check_moved(*self.ask_to_move())

    def test_move_nearly(self):
        ada, new = self.ask_to_move()
        (self.paperboy.subscribers / f"{ada}.json").unlink()
        self.check_moved(ada, new)

    def test_move_taken(self):
        """A profile that somebody else has put there meanwhile stays."""
        ada, new = self.ask_to_move()
        self.paperboy.profile(new, keywords=["theirs"])
        self.read_inbox()
        self.assertIn("theirs", self.document(new))
        self.assertIn("LLM", self.document(ada))

    def test_forget_nearly(self):
        ada = self.user("ada")
        self.paperboy.profile(ada, keywords=["LLM"])
        self.run_ok("run", "--feed", self.feed)
        self.write_to(ada, "forget me")
        self.read_inbox()
        self.confirm(ada, self.asked(ada))
        (self.paperboy.subscribers / f"{ada}.json").unlink()
        self.read_inbox()
        self.assertEqual(self.ask("SELECT count(*) FROM deliveries WHERE subscriber = ?", (ada,)), [(0,)])
        self.assertEqual(self.ask("SELECT count(*) FROM forgotten"), [(1,)])

    def test_forget_left(self):
        """Also who has no profile any more can be forgotten."""
        ada = self.user("ada")
        self.paperboy.profile(ada, keywords=["LLM"])
        self.run_ok("run", "--feed", self.feed)
        (self.paperboy.subscribers / f"{ada}.json").unlink()
        self.write_to(ada, "forget me")
        self.read_inbox()
        self.assertEqual(self.ask("SELECT count(*) FROM forgotten"), [(0,)])
        self.confirm(ada, self.asked(ada))
        self.read_inbox()
        self.assertEqual(self.ask("SELECT count(*) FROM deliveries WHERE subscriber = ?", (ada,)), [(0,)])
        self.assertEqual(self.ask("SELECT count(*) FROM forgotten"), [(1,)])


# Those of the class that it is made of run there.
for name in dir(test_inbox.Inbox):
    if name.startswith("test_"):
        setattr(Interrupted, name, None)


if __name__ == "__main__":
    unittest.main()

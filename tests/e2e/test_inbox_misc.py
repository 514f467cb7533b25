"""What the inbox keeps, and mailboxes and servers that are not as they should be."""

import os
import sqlite3
import time
import unittest

import test_inbox
from feeds import papers, rss
from imap_server import ImapServer
from support import CONFIGURATION, OK, TEMPORARY, Case

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
        self.ask("INSERT INTO pending (id, kind, address, other, commands, created_utc, expires_utc, confirmed_utc,"
                 " other_confirmed_utc, done_utc, vouched) VALUES (?, 'subscribe', 'x@example.test', NULL, '', ?, ?, NULL, NULL, NULL, 0)",
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

        def requests():
            mails = [self.read_mail((folder / name).read_bytes()) for name in sorted(os.listdir(folder))
                     if name not in self.seen.get(address, set())]
            return [one for one in mails if "+confirm-" in one.as_string().replace("=\n", "")]
        found = test_inbox.servers.wait_for(requests, 20, "a request to confirm")
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


HELP = (b"Authentication-Results: mx.example.test; dmarc=pass header.from=example.test\r\n"
        b"From: ada@example.test\r\nTo: paperboy@example.test\r\nMessage-ID: <x@example.test>\r\n\r\nmax 7\r\n")


class OtherServers(Case):
    """Servers that are old, new, broken or hostile."""

    def start(self, *mails, inbox=None, **options):
        server = ImapServer(enumerate(mails, 1), **options)
        self.addCleanup(server.close)
        self.paperboy.write("password", "secret\n").chmod(0o600)
        self.paperboy.write_configuration(inbox={
            "url": server.url(), "username": "paperboy", "password_file": "password", "address": "paperboy@example.test",
            "authserv_id": "mx.example.test", **(inbox or {})})
        return server

    def answers(self):
        return sum(self.paperboy.status()["deliveries"].values())

    def test_validity_changes(self):
        """Known by its bytes, a mail acts no second time; it is moved."""
        self.paperboy.profile("ada@example.test", keywords=["LLM"])
        server = self.start(HELP)
        self.run_ok("inbox")
        self.assertEqual(server.moved, [(1, "Processed")])
        self.assertEqual(self.answers(), 1)
        server.validity, server.mails = 2, {9: HELP, 10: HELP.replace(b"max 7", b"max 8")}
        self.run_ok("inbox")
        self.assertEqual(server.moved[1:], [(9, "Processed"), (10, "Processed")])
        self.assertEqual(self.answers(), 2)

    def test_moving_fails(self):
        """Done, and not moved: moved the next time, and nothing else."""
        self.paperboy.profile("ada@example.test", keywords=["LLM"])
        server = self.start(HELP, refuse=["UID MOVE"])
        self.assertEqual(self.paperboy.run("inbox").status, TEMPORARY)
        self.assertEqual(self.answers(), 1)
        server.refuse.clear()
        self.run_ok("inbox")
        self.assertEqual(server.moved, [(1, "Processed")])
        self.assertEqual(self.answers(), 1)

    def test_no_idle_no_move(self):
        server = self.start(HELP, capabilities=b"IMAP4rev1 AUTH=PLAIN")
        self.run_ok("inbox")
        self.assertEqual([word for word in server.seen if word.startswith("UID")][-3:],
                         ["UID COPY", "UID STORE", "UID SEARCH"])

    def test_bearer(self):
        server = self.start(token=b"fresh", inbox={"password_file": None, "token_command": "printf fresh"})
        self.run_ok("inbox")
        self.assertIn("AUTHENTICATE", server.seen)
        server.token = b"another"
        self.run_fails(CONFIGURATION, "inbox", says="mend inbox.username or inbox.token_command")

    def test_folder_prefix(self):
        self.start(refuse=["CREATE"])
        self.run_fails(CONFIGURATION, "inbox", says=r'folder "Processed" \(perhaps "INBOX\.Processed"')

    def test_hostile(self):
        fetch = b"* 1 FETCH (UID 1 BODY[]<0> "
        for replies in (
                {"UID FETCH BODY": fetch + b"{4294967295}\r\n" + b"x" * 3000000},
                {"UID FETCH BODY": fetch + b"{18446744073709551615}\r\nx"},
                {"UID FETCH BODY": fetch + b"{100}\r\nonly so much"},
                {"UID FETCH BODY": fetch},
                {"UID FETCH BODY": b"\0\xff" * 100},
                {"UID FETCH LIST": b"* 1 FETCH (UID 1 " + b"(" * 100000},
                {"UID FETCH LIST": b"* 1 FETCH (UID 99999999999999999999 FLAGS ())\r\nTAG OK\r\n"},
                {"SELECT": b"* BYE gone\r\n"},
                {"CAPABILITY": b"HTTP/1.1 400 Bad Request\r\n\r\n"},
        ):
            with self.subTest(str(replies)[:60]):
                server = self.start(HELP, replies=replies)
                self.assertEqual(self.paperboy.run("inbox").status, TEMPORARY)
                self.assertEqual(server.moved, [])
                server.replies = {}
                self.run_ok("inbox")
                self.assertEqual(server.moved, [(1, "Processed")])
                self.paperboy.store.unlink()

    def test_greeting(self):
        for greeting in (b"\0\xff\xff\r\n", b"220 smtp ready\r\n", b"* BYE too busy\r\n"):
            with self.subTest(greeting):
                self.start(HELP, greeting=greeting)
                self.assertEqual(self.paperboy.run("inbox").status, TEMPORARY)


# Those of the class that it is made of run there.
for name in dir(test_inbox.Inbox):
    if name.startswith("test_"):
        setattr(Interrupted, name, None)


if __name__ == "__main__":
    unittest.main()

"""What the inbox keeps between mails: old addresses, who was erased, which mails it has
seen, whom tokens may be for, and what the owner is told."""

import contextlib
import ctypes
import datetime
import os
import smtplib
import sqlite3
import struct
import unittest

import servers
import test_inbox
from imap_server import ImapServer
from support import NO_INPUT, OK, Case
from virtual import MovableClock, forget_clock, needs_clock

IN_ACCESS, IN_CLOSE, IN_OPEN, IN_Q_OVERFLOW = 0x1, 0x18, 0x20, 0x4000  # <sys/inotify.h>
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def setUpModule():
    test_inbox.setUpModule()


def tearDownModule():
    test_inbox.tearDownModule()


class Rows:
    def ask(self, *statement):
        store = sqlite3.connect(self.paperboy.store, timeout=20)
        try:
            rows = store.execute(*statement).fetchall()
            store.commit()
            return rows
        finally:
            store.close()

    def rows_with(self, word):
        """The tables whose rows have it anywhere."""
        word = word.encode()
        found = set()
        for (table,) in self.ask("SELECT name FROM sqlite_master WHERE type = 'table'"):
            for row in self.ask(f"SELECT * FROM {table}"):
                if any(word in (cell if isinstance(cell, bytes) else str(cell).encode()) for cell in row):
                    found.add(table)
        return found


class Kept(Rows, test_inbox.Inbox):
    prefix = "k"

    @contextlib.contextmanager
    def watching(self, **options):
        watcher = self.paperboy.start("inbox", "--watch", **options)
        try:
            yield watcher
        finally:
            watcher.terminate()
            _, err = watcher.communicate(timeout=30)
        self.assertEqual(watcher.returncode, OK, err.decode())

    def fresh(self, address):
        folder = test_inbox.mail.maildir(address) / "new"
        names = sorted(os.listdir(folder)) if folder.is_dir() else []
        return {name: self.read_mail((folder / name).read_bytes())
                for name in names if name not in self.seen.get(address, set())}

    def mails(self, address):
        """Those that have come since the last look."""
        fresh = self.fresh(address)
        self.seen[address] = self.seen.get(address, set()) | set(fresh)
        return list(fresh.values())

    def asked(self, address):
        """The link of the newest request for a confirmation."""
        def found():
            return [one for one in self.fresh(address).values() if "+confirm-" in one.as_string().replace("=\n", "")]

        servers.wait_for(found, 20, f"a request for {address}")
        link = self.link(found()[-1], "confirm")
        self.mails(address)
        return link

    def confirm(self, address):
        self.write_to(address, subject="confirm", to=self.asked(address), vouched=False)
        self.read_inbox()

    def a_day_later(self):
        """Nobody is asked twice within a day."""
        self.ask("UPDATE pending SET created_utc = created_utc - 90000")

    def digest(self, address):
        self.run_ok("run", "--feed", self.feed)
        return self.next_mail(address)

    def move(self, old, new):
        self.write_to(old, f"address {new}")
        self.read_inbox()
        self.confirm(old)
        self.confirm(new)
        self.next_mail(new)
        self.assertFalse(self.has_profile(old))
        self.assertTrue(self.has_profile(new))

    def unsubscribe(self, digest):
        self.write_to("x@example.test", subject="unsubscribe", to=self.link(digest, "unsubscribe"), vouched=False)
        self.read_inbox()

    def suppressed(self):
        return {address for (address,) in self.ask("SELECT address FROM suppressions")}

    # ---- addresses that somebody has moved from ----

    def test_move_follows(self):
        ada, new = self.user("ada"), self.user("new")
        self.put_profile(ada, keywords=["LLM"])
        digest = self.digest(ada)
        self.move(ada, new)
        self.unsubscribe(digest)
        self.assertEqual(self.suppressed(), {new})

    def test_move_and_back(self):
        """Who signs up with an address that another has left gets links of their own."""
        ada, new = self.user("ada"), self.user("new")
        self.put_profile(ada, keywords=["LLM"])
        self.move(ada, new)
        self.a_day_later()
        self.subscribe(ada)
        self.assertEqual(self.ask("SELECT * FROM moved_addresses"), [])
        self.unsubscribe(self.digest(ada))
        self.assertEqual(self.suppressed(), {ada})

    def test_move_by_hand(self):
        """So does a profile that no mail has made."""
        ada, new = self.user("ada"), self.user("new")
        self.put_profile(ada, keywords=["LLM"])
        self.move(ada, new)
        self.put_profile(ada, keywords=["LLM"])
        self.unsubscribe(self.digest(ada))
        self.assertEqual(self.suppressed(), {ada})

    # ---- who was erased ----

    def test_erased_stays(self):
        """An old link, and a mail that comes back late, make nothing of the forgotten."""
        ada = self.user("ada")
        self.put_profile(ada, keywords=["LLM"])
        digest = self.digest(ada)
        self.write_to(ada, "forget me")
        self.read_inbox()
        confirm = self.asked(ada)
        # One run of inbox has read whom tokens are for before it erases.
        self.write_to("x@example.test", subject="confirm", to=confirm, vouched=False)
        self.write_to("x@example.test", subject="unsubscribe", to=self.link(digest, "unsubscribe"), vouched=False)
        self.bounce(digest, ada)
        self.wait_for_inbox(3)
        self.read_inbox()
        self.assertEqual(self.rows_with(ada), set())
        self.assertEqual(self.mails(ada), [])
        self.assertEqual(self.paperboy.run("subscriber", "export", ada).status, NO_INPUT)

    def test_erased_elsewhere(self):
        """As does another command that erases while inbox has read who there is."""
        ada = self.user("ada")
        self.put_profile(ada, keywords=["LLM"])
        digest = self.digest(ada)
        with self.watching():
            # It has read them once this is done.
            self.write_to("x@example.test", subject="like 2602.00007", to=self.link(digest, "like", html=True), vouched=False)
            servers.wait_for(lambda: self.inbox_count() == 0, 20, "the first mail to be moved")
            self.mails(ada)
            self.run_ok("subscriber", "erase", ada)
            self.write_to("x@example.test", subject="unsubscribe", to=self.link(digest, "unsubscribe"), vouched=False)
            servers.wait_for(lambda: self.inbox_count() == 0, 20, "the second mail to be moved")
        self.assertEqual(self.rows_with(ada), set())

    def bounce(self, digest, address):
        report = (f"From: MAILER-DAEMON@there.example\r\nTo: {digest['Return-Path'].strip('<>')}\r\n"
                  "Subject: failed\r\nMIME-Version: 1.0\r\n"
                  "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
                  "--b\r\n\r\nno such user\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
                  f"Reporting-MTA: dns; there.example\r\n\r\nFinal-Recipient: rfc822; {address}\r\n"
                  "Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 user unknown\r\n\r\n--b--\r\n")
        with smtplib.SMTP("127.0.0.1", test_inbox.mail.smtp_port) as session:
            session.sendmail("", [digest["Return-Path"].strip("<>")], report)

    def test_erased_before(self):
        """Old addresses go with the new one, and what the owner was to be told of them."""
        ada, new, last = self.user("ada"), self.user("new"), self.user("last")
        self.put_profile(ada, keywords=["LLM"])
        self.digest(ada)
        self.move(ada, new)
        self.a_day_later()
        self.move(new, last)
        self.a_day_later()
        self.ask("INSERT INTO inbox_events (noted_utc, text) VALUES (1, ?), (2, ?)",
                 (f"a bounce: 550 <{last.upper()}>: user unknown", "zoe@example.test is not mailed any more"))
        self.assertIn(ada, str(self.ask("SELECT subscriber FROM deliveries")))
        self.write_to(last, "forget me")
        # The owner is not told before.
        self.ask("INSERT INTO facts (name, value) VALUES ('inbox_notice_day', ?)"
                 " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                 (datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d").encode(),))
        self.read_inbox()
        self.confirm(last)
        for address in (ada, new, last):
            self.assertEqual(self.rows_with(address), set())
        self.assertEqual(self.rows_with(last.upper()), set())
        self.assertEqual(self.ask("SELECT count(*) FROM forgotten"), [(3,)])
        self.assertEqual(self.ask("SELECT text FROM inbox_events"), [("zoe@example.test is not mailed any more",)])

    def test_erased_other(self):
        """Who has signed up with an address that the forgotten had left is not."""
        ada, new = self.user("ada"), self.user("new")
        self.put_profile(ada, keywords=["LLM"])
        self.move(ada, new)
        self.put_profile(ada, keywords=["LLM"])
        self.digest(ada)
        self.run_ok("subscriber", "erase", new)
        # But for the request that was sent to the old address.
        self.assertLessEqual(self.rows_with(new), {"delivery_messages"})
        self.assertEqual(self.ask("SELECT count(*) FROM deliveries WHERE subscriber = ? AND kind = 'digest'", (ada,)), [(1,)])
        self.assertTrue(self.has_profile(ada))

    # ---- a confirmation that cannot be done ----

    def test_forget_killed(self):
        """Asked for by a sender whom nobody vouches for, and interrupted when the file was
        gone and the rest was not."""
        ada = self.user("ada")
        self.put_profile(ada, keywords=["LLM"])
        self.digest(ada)
        self.write_to(ada, "forget me", vouched=False)
        self.read_inbox()
        link = self.asked(ada)
        (self.paperboy.subscribers / f"{ada}.json").unlink()
        self.write_to(ada, subject="confirm", to=link, vouched=False)
        self.read_inbox()
        self.assertEqual(self.rows_with(ada), set())

    def test_forget_broken(self):
        """A profile that cannot be read can be erased, and not changed."""
        ada = self.user("ada")
        self.put_profile(ada, keywords=["LLM"])
        self.write_to(ada, "add nonsense", vouched=False)
        self.read_inbox()
        link = self.asked(ada)
        path = self.paperboy.subscribers / f"{ada}.json"
        good = path.read_text()
        path.write_text(good + ",")
        self.write_to(ada, subject="confirm", to=link, vouched=False)
        self.read_inbox()
        self.assertEqual(len(self.moved_to("Failed")), 2, "the mail and a note")
        path.write_text(good)
        self.write_to(ada, subject="confirm", to=link, vouched=False)
        self.read_inbox()
        self.assertIn("nonsense", self.document(ada))
        self.mails(ada)
        self.a_day_later()
        self.write_to(ada, "forget me", vouched=False)
        self.read_inbox()
        link = self.asked(ada)
        path.write_text(good + ",")
        self.write_to(ada, subject="confirm", to=link, vouched=False)
        self.read_inbox()
        self.assertFalse(path.exists())
        self.assertEqual(self.rows_with(ada), set())

    # ---- whom tokens may be for ----

    def test_many_tokens(self):
        """Made-up tokens cost no reading of all profiles each; behind too many, one that is
        real is not looked for."""
        ada = self.user("ada")
        self.put_profile(ada, keywords=["LLM"])
        real = self.link(self.digest(ada), "unsubscribe")
        at = real.index("+unsubscribe-") + len("+unsubscribe-") + 7  # in the tag
        made_up = [real[:place] + letter + real[place + 1:] for place in (at, at + 1) for letter in ALPHABET
                   if letter != real[place]]
        for _ in range(3):
            self.write_to("x@example.test", subject="unsubscribe", vouched=False, Cc=", ".join(made_up[:40] + [real]))
        self.wait_for_inbox(3)
        self.assertEqual(self.listings(), 1)
        self.assertEqual(self.suppressed(), set())
        self.write_to("x@example.test", subject="unsubscribe", vouched=False, Cc=", ".join(made_up[:20] + [real]))
        self.assertEqual(self.listings(), 1)
        self.assertEqual(self.suppressed(), {ada})

    def test_new_profile(self):
        """One that has come a moment after the others were read is found."""
        ada, bob = self.user("ada"), self.user("bob")
        self.put_profile(ada, keywords=["LLM"])
        ada_digest = self.digest(ada)
        with self.watching() as watcher:
            self.write_to("x@example.test", subject="unsubscribe", to=self.link(ada_digest, "unsubscribe"), vouched=False)
            servers.wait_for(lambda: self.suppressed() == {ada}, 20, "the first to leave")
            self.put_profile(bob, keywords=["LLM"])
            link = self.link(self.digest(bob), "unsubscribe")
            self.write_to("x@example.test", subject="unsubscribe", to=link, vouched=False)
            servers.wait_for(lambda: self.suppressed() == {ada, bob}, 20, "the second to leave")
        self.assertEqual(watcher.returncode, OK)

    def listings(self):
        """How often the inbox, read now, lists the folder of profiles: by inotify(7), whose
        events about the folder itself have no name."""
        libc = ctypes.CDLL(None, use_errno=True)
        watch = libc.inotify_init1(os.O_NONBLOCK)
        self.assertGreaterEqual(watch, 0)
        try:
            self.assertGreaterEqual(
                libc.inotify_add_watch(watch, os.fsencode(self.paperboy.subscribers), IN_ACCESS | IN_OPEN | IN_CLOSE), 0)
            self.read_inbox()
            events, count = os.read(watch, 1 << 20), 0
        finally:
            os.close(watch)
        while events:
            _, mask, _, length = struct.unpack_from("iIII", events)
            self.assertFalse(mask & IN_Q_OVERFLOW)
            count += mask & IN_ACCESS != 0 and not length
            events = events[16 + length:]
        return count

    # ---- the owner ----

    @needs_clock
    def test_daily_notice(self):
        """A day's notice comes with the day, also when no mail does."""
        tonight = datetime.datetime.now(datetime.timezone.utc).replace(hour=23, minute=59, second=40, microsecond=0)
        clock = MovableClock(self.folder / "clock", tonight)
        self.run_ok("status")
        self.ask("INSERT INTO facts (name, value) VALUES ('inbox_notice_day', ?)", (f"{tonight:%Y-%m-%d}".encode(),))
        self.ask("INSERT INTO inbox_events (noted_utc, text) VALUES (1, 'zoe@example.test is not mailed any more')")
        with self.watching(env=clock.environment()) as watcher:
            self.addCleanup(forget_clock, watcher)
            servers.wait_for(lambda: self.ask("SELECT kind FROM deliveries") == [("notice",)], 120, "the notice")
        self.assertEqual(self.ask("SELECT * FROM inbox_events"), [])


# Those of the class that it is made of run there.
for name in dir(test_inbox.Inbox):
    if name.startswith("test_"):
        setattr(Kept, name, None)


class Restored(Rows, Case):
    """A mailbox that was wiped, or restored, and gives its UIDs again."""

    def mail(self, line, number):
        return (b"Authentication-Results: mx.example.test; dmarc=pass header.from=example.test\r\n"
                b"From: ada@example.test\r\nTo: paperboy@example.test\r\nMessage-ID: <%d@example.test>\r\n\r\n%s\r\n"
                % (number, line))

    def document(self):
        return (self.paperboy.subscribers / "ada@example.test.json").read_text()

    def test_same_uid(self):
        self.paperboy.profile("ada@example.test", keywords=["LLM"])
        server = ImapServer([(1, self.mail(b"add one", 1))])
        self.addCleanup(server.close)
        self.paperboy.write("password", "secret\n").chmod(0o600)
        self.paperboy.write_configuration(inbox={
            "url": server.url(), "username": "paperboy", "password_file": "password",
            "address": "paperboy@example.test", "authserv_id": "mx.example.test"})
        self.run_ok("inbox")
        self.assertIn('"one"', self.document())
        server.mails = {1: self.mail(b"add two", 2)}
        self.run_ok("inbox")
        self.assertIn('"two"', self.document())
        # That one is noted in its place: found again, it is moved and does nothing.
        self.paperboy.profile("ada@example.test", keywords=["LLM"])
        server.mails = {1: self.mail(b"add two", 2)}
        self.run_ok("inbox")
        self.assertNotIn('"two"', self.document())
        self.assertEqual(server.moved, [(1, "Processed")] * 3)
        self.assertEqual(self.ask("SELECT count(*) FROM handled_mails"), [(1,)])


if __name__ == "__main__":
    unittest.main()

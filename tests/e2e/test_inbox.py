"""A subscriber's whole life by mail, over a real Postfix and a real Dovecot: signing up,
steering, pausing, leaving, and mail that comes back."""

import os
import re
import smtplib
import unittest
from email.message import EmailMessage
from email.utils import make_msgid

import servers
from feeds import papers, rss
from support import OK, Case, html_of, text_of

mail = None
AUTHORITY = "mx.example.test"


def setUpModule():
    global mail
    if os.environ.get("SERVERS") == "no":
        return
    if os.geteuid() == 0:
        mail = servers.MailServers().start()


def tearDownModule():
    if mail is not None:
        mail.stop()


class Inbox(Case):
    """Each test has an inbox of its own at the servers that all share."""

    def setUp(self):
        if os.environ.get("SERVERS") == "no":
            self.skipTest("needs Postfix and Dovecot, left out by SERVERS=no")
        if mail is None:
            self.skipTest("Postfix can be started by root only")
        super().setUp()
        name = self._testMethodName.removeprefix("test_").replace("_", "-")[:14]
        self.inbox = f"{name}@{mail.domain}"
        mail.add_user(self.inbox)
        self.paperboy.write("password", "secret\n").chmod(0o600)
        self.paperboy.write_configuration(
            sender={"address": f"digest@{mail.domain}"},
            delivery={"url": f"smtp://localhost:{mail.smtp_port}", "tls": "required",
                      "ca_file": str(mail.certificates.authority)},
            inbox={"url": f"imaps://localhost:{mail.imaps_port}/INBOX", "username": self.inbox,
                   "password_file": "password", "ca_file": str(mail.certificates.authority),
                   "address": self.inbox, "authserv_id": AUTHORITY})
        self.feed = self.paperboy.write("day.xml", rss(papers(40)))
        self.seen = {}

    def user(self, who):
        address = f"{self.inbox.split('@')[0]}-{who}@{mail.domain}"
        mail.add_user(address)
        return address

    def write_to(self, sender, body="", subject="", to=None, vouched=True, **headers):
        """A mail as the inbox's own server leaves it, vouched for or not."""
        message = EmailMessage()
        if vouched:
            message["Authentication-Results"] = f"{AUTHORITY}; dmarc=pass header.from={mail.domain}"
        message["From"], message["To"] = sender, to or self.inbox
        message["Subject"], message["Message-ID"] = subject, make_msgid(domain="there.example")
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content(body)
        with smtplib.SMTP("127.0.0.1", mail.smtp_port) as session:
            session.send_message(message, sender, [to or self.inbox])
        self.wait_for_inbox(1)

    def inbox_count(self):
        folder = mail.maildir(self.inbox)
        return sum(len(list((folder / part).iterdir())) for part in ("new", "cur") if (folder / part).is_dir())

    def wait_for_inbox(self, count):
        servers.wait_for(lambda: self.inbox_count() >= count, 20, f"mail for {self.inbox}")

    def read_inbox(self, status=OK):
        result = self.paperboy.run("inbox")
        self.assertEqual(result.status, status, str(result))
        if status == OK:
            self.assertEqual(self.inbox_count(), 0, "a mail was left in the inbox")
        return result

    def folder(self, name):
        folder = mail.maildir(self.inbox) / f".{name}"
        return [path.read_bytes() for part in ("new", "cur") if (folder / part).is_dir()
                for path in (folder / part).iterdir()]

    def next_mail(self, address):
        """The one mail that has come since the last look."""
        before = self.seen.get(address, set())
        new = mail.maildir(address) / "new"
        servers.wait_for(lambda: new.is_dir() and set(os.listdir(new)) - before, 20, f"mail for {address}")
        names = set(os.listdir(new))
        fresh = sorted(names - before)
        self.seen[address] = names
        self.assertEqual(len(fresh), 1, f"{len(fresh)} mails for {address} instead of one")
        return self.read_mail((new / fresh[0]).read_bytes())

    def assert_no_mail(self, address):
        new = mail.maildir(address) / "new"
        names = set(os.listdir(new)) if new.is_dir() else set()
        self.assertEqual(names - self.seen.get(address, set()), set(), f"{address} was written to")

    def link(self, message, purpose, html=False):
        """The address and subject of a mailto link with such a token."""
        text = html_of(message) if html else text_of(message)
        found = re.search(rf"[\w.-]+\+{purpose}-[a-z2-7]+@[\w.-]+", text)
        self.assertIsNotNone(found, f"no {purpose} link in:\n{text}")
        return found.group()

    def profile(self, address):
        return self.paperboy.run("subscriber", "show", address, "--json").document()

    def document(self, address):
        return (self.paperboy.subscribers / f"{address}.json").read_text()

    def subscribe(self, address, body="keywords: LLM, training"):
        self.write_to(address, body, subject="subscribe")
        self.read_inbox()
        confirm = self.link(self.next_mail(address), "confirm")
        self.write_to(address, subject="confirm", to=confirm, vouched=False)
        self.read_inbox()
        self.next_mail(address)

    def test_whole_life(self):
        ada = self.user("ada")
        self.run_ok("fetch", "--feed", self.feed)
        self.write_to(ada, 'keywords: LLM, "training"^3, -survey\ncategories: cs.LG\nmax 20\n\n-- \nAda\nunsubscribe',
                      subject="subscribe Ada Lovelace")
        self.read_inbox()
        asked = self.next_mail(ada)
        self.assertFalse((self.paperboy.subscribers / f"{ada}.json").exists(), "a profile before the confirmation")
        self.assertEqual(asked["Return-Path"], "<>")
        self.assertEqual(asked["Auto-Submitted"], "auto-replied")
        self.assertNotIn("Lovelace", asked.as_string())
        confirm = self.link(asked, "confirm")
        # An out-of-office note to that address says no such word, or says that it is one.
        self.write_to(ada, "I am away until Monday", subject="Out of office", to=confirm, Auto_Submitted="auto-replied")
        self.write_to(ada, "who are you?", subject="Re: " + asked["Subject"], to=confirm)
        self.read_inbox()
        self.assertFalse((self.paperboy.subscribers / f"{ada}.json").exists(), "a note confirmed")
        self.write_to(ada, subject="confirm", to=confirm, vouched=False)
        self.read_inbox()
        document = self.document(ada)
        for part in ('"LLM"', '"weight": 3', '"survey"', '"cs.LG"', '"max_papers": 20', "Ada Lovelace"):
            self.assertIn(part, document)
        self.next_mail(ada)
        self.run_ok("run", "--feed", self.feed)
        digest = self.next_mail(ada)
        self.assertIn("arxiv.org", digest.as_string())
        like = self.link(digest, "like", html=True)
        paper = re.search(r"2602\.\d+", text_of(digest)).group()
        self.write_to("stranger@example.test", subject=f"like {paper}", to=like, vouched=False)
        self.read_inbox()
        self.assertIn(paper, self.document(ada))
        self.write_to(ada, "add speculative decoding\nmute tutorial\nat 07:30 Europe/Paris")
        self.read_inbox()
        changed = self.document(ada)
        for part in ("speculative decoding", "tutorial", "07:30", "Europe/Paris"):
            self.assertIn(part, changed)
        answer = self.next_mail(ada)
        self.assertIn("speculative decoding", text_of(answer))
        self.write_to(ada, "undo")
        self.read_inbox()
        self.assertNotIn("speculative decoding", self.document(ada))
        self.assertIn(paper, self.document(ada))
        self.next_mail(ada)
        self.write_to(ada, "pause 2 weeks")
        self.read_inbox()
        self.assertIn("paused_until", self.document(ada))
        self.next_mail(ada)
        self.write_to(ada, "resume")
        self.read_inbox()
        self.assertNotIn("paused_until", self.document(ada))
        self.next_mail(ada)
        self.write_to("whoever@example.test", subject="unsubscribe", to=self.link(digest, "unsubscribe"), vouched=False)
        self.read_inbox()
        self.next_mail(ada)
        self.assertTrue((self.paperboy.subscribers / f"{ada}.json").exists(), "the profile went with unsubscribing")
        self.assertEqual(self.paperboy.status()["suppressed"], 1)


if __name__ == "__main__":
    unittest.main()

"""A subscriber's whole life by mail, over a real Postfix and a real Dovecot: signing up,
steering, pausing, leaving, and mail that comes back."""

import json
import json
import os
import re
import smtplib
import subprocess
import unittest
from email.message import EmailMessage
from email.utils import make_msgid

import servers
from feeds import papers, rss
from postgres import PostgresServer, with_postgres
from support import NO_INPUT, OK, Case, html_of, spam_points, text_of

mail = database = None
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

    prefix = "f"

    def setUp(self):
        if os.environ.get("SERVERS") == "no":
            self.skipTest("needs Postfix and Dovecot, left out by SERVERS=no")
        if mail is None:
            self.skipTest("Postfix can be started by root only")
        super().setUp()
        name = type(self).prefix + self._testMethodName.removeprefix("test_").replace("_", "-")[:13]
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

    def moved_to(self, name):
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

    def request_to(self, address):
        """The request to confirm, which may have come with an answer."""
        folder = mail.maildir(address) / "new"

        def requests():
            fresh = sorted(set(os.listdir(folder)) - self.seen.get(address, set()))
            mails = [self.read_mail((folder / name).read_bytes()) for name in fresh]
            return [one for one in mails if "+confirm-" in one.as_string().replace("=\n", "")] if len(fresh) > 1 else None
        found, = servers.wait_for(requests, 20, f"an answer and a request to {address}")
        self.seen[address] = set(os.listdir(folder))
        return found

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

    def put_profile(self, address, **keys):
        self.paperboy.profile(address, **keys)

    def assert_gone(self, address):
        self.assertFalse(address.encode() in self.paperboy.store.read_bytes(), "the store still has the address")

    def has_profile(self, address):
        return (self.paperboy.subscribers / f"{address}.json").exists()

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
        self.assertFalse(self.has_profile(ada), "a profile before the confirmation")
        self.assertEqual(asked["Return-Path"], "<>")
        self.assertEqual(asked["Auto-Submitted"], "auto-replied")
        self.assertNotIn("Lovelace", asked.as_string())
        confirm = self.link(asked, "confirm")
        # An out-of-office note to that address says no such word, or says that it is one.
        self.write_to(ada, "I am away until Monday", subject="Out of office", to=confirm, Auto_Submitted="auto-replied")
        self.write_to(ada, "who are you?", subject="Re: " + asked["Subject"], to=confirm)
        self.read_inbox()
        self.assertFalse(self.has_profile(ada), "a note confirmed")
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
        self.assertTrue(self.has_profile(ada), "the profile went with unsubscribing")
        self.assertEqual(self.paperboy.status()["suppressed"], 1)


    def test_answers(self):
        """What is written back: to whom, with what in it, and that it is no spam."""
        ada = self.user("ada")
        self.run_ok("fetch", "--feed", self.feed)
        self.write_to(ada, "keywords: LLM, https://evil.example/, training\ncategories: cs.LG", subject="subscribe Evil Name")
        self.read_inbox()
        asked = self.next_mail(ada)
        for part in (text_of(asked), html_of(asked)):
            self.assertRegex(part, r"papers?\s+a\s+day")
            self.assertIn("https://arxiv.org/abs/2602.", part)
            self.assertNotIn("vil", part)
        self.assertNotIn("List-Id", asked)
        self.assertNotIn("Evil", asked.as_string())
        confirm = self.link(asked, "confirm")
        self.assertEqual(asked["Reply-To"], confirm)
        # A reply is enough, whatever its subject.
        self.write_to(ada, "Confirm\n\n> If it was not you, do nothing", subject="Re: " + asked["Subject"], to=confirm, vouched=False)
        self.read_inbox()
        welcome = self.next_mail(ada)
        self.assertIn("Welcome", text_of(welcome))
        self.assertIn("+unsubscribe-", welcome["List-Unsubscribe"])
        self.write_to(ada, "add kv cache\nremove training\nmax 0\naddd this\nexport", subject="Please change this")
        self.read_inbox()
        answer = self.next_mail(ada)
        self.assertEqual(answer["Subject"], "Re: Please change this")
        self.assertRegex(answer["In-Reply-To"], "^<.*@there.example>$")
        text = " ".join(text_of(answer).replace(" | ", " ").split())
        for part in ("kv cache (new)", "training (removed)", "How many papers?", "Did you mean “add”?", "“undo”"):
            self.assertIn(part, text)
        attached, = answer.iter_attachments()
        self.assertEqual(attached.get_filename(), "paperboy-export.json")
        self.assertEqual(json.loads(attached.get_content())["address"], ada)
        for message in (asked, welcome, answer):
            points, report = spam_points(message.as_bytes(), self.folder)
            self.assertLess(points, 1, report)

    def test_forged_sender(self):
        ada = self.user("ada")
        self.put_profile(ada, keywords=["LLM"])
        before = self.document(ada)
        for body in ("add nonsense", "unsubscribe", "forget me", "address thief@example.test"):
            self.write_to(ada, body, vouched=False)
        self.read_inbox()
        self.assertEqual(self.document(ada), before)
        self.assertEqual(self.paperboy.status()["suppressed"], 0)
        # She is asked, once a day, and once a day whether she wants to leave.
        folder = mail.maildir(ada) / "new"
        servers.wait_for(lambda: len(os.listdir(folder)) >= 2, 20, "two requests")
        self.seen[ada] = set(os.listdir(folder))
        self.assertEqual(len(self.seen[ada]), 2)
        asked = [text_of(self.read_mail((folder / name).read_bytes())) for name in self.seen[ada]]
        confirm = next(re.search(r"[\w.-]+\+confirm-[a-z2-7]+@[\w.-]+", text).group() for text in asked
                       if "unsubscribe" not in text.split("To confirm")[0])
        self.write_to("thief@example.test", subject="confirm aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", vouched=False)
        self.read_inbox()
        self.assertEqual(self.document(ada), before)
        self.write_to(ada, subject="confirm", to=confirm, vouched=False)
        self.read_inbox()
        self.assertIn("nonsense", self.document(ada))
        self.next_mail(ada)

    def test_the_way_out(self):
        """Whatever else waits to be confirmed, to leave can be asked for."""
        ada = self.user("ada")
        self.put_profile(ada, keywords=["LLM"])
        self.write_to(ada, "max 7", vouched=False)
        self.read_inbox()
        self.link(self.next_mail(ada), "confirm")
        self.write_to(ada, "max 8\nCancel the meeting\nStop by my office", vouched=False)
        self.read_inbox()
        self.assert_no_mail(ada)
        self.write_to(ada, "unsubscribe", vouched=False)
        self.read_inbox()
        confirm = self.link(self.next_mail(ada), "confirm")
        self.write_to(ada, subject="confirm", to=confirm, vouched=False)
        self.read_inbox()
        self.assertEqual(self.paperboy.status()["suppressed"], 1)

    def test_vouched_by_another(self):
        """Only the topmost field, and only under our server's name."""
        ada = self.user("ada")
        self.put_profile(ada, keywords=["LLM"])
        before = self.document(ada)
        pass_ = f"dmarc=pass header.from={mail.domain}"
        for fields in ([f"mx.evil.example; {pass_}"], [f"{AUTHORITY}; dmarc=fail", f"{AUTHORITY}; {pass_}"],
                       [f"{AUTHORITY}; dkim=pass header.d=evil.example"], [f"{AUTHORITY} (; {pass_})"],
                       [f'{AUTHORITY}; none reason="x; {pass_}"']):
            lines = "".join(f"Authentication-Results: {field}\r\n" for field in fields)
            with smtplib.SMTP("127.0.0.1", mail.smtp_port) as session:
                session.sendmail(ada, [self.inbox], f"{lines}From: {ada}\r\nTo: {self.inbox}\r\n"
                                                    f"Message-ID: {make_msgid()}\r\n\r\nadd evil\r\n")
        self.wait_for_inbox(5)
        self.read_inbox()
        self.assertEqual(self.document(ada), before)

    def test_machines_get_no_answer(self):
        ada = self.user("ada")
        self.put_profile(ada, keywords=["LLM"])
        for headers in ({"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"List_Id": "<x.example>"},
                        {"X_Auto_Response_Suppress": "All"}):
            self.write_to(ada, "help", **headers)
        self.write_to(f"mailer-daemon@{mail.domain}", "help")
        self.write_to(f"digest@{mail.domain}", "help")
        self.write_to(self.inbox, "help")
        stranger = self.user("stranger")
        self.write_to(stranger, "help", vouched=False)
        result = self.read_inbox()
        for address in (ada, stranger):
            self.assert_no_mail(address)
        counts = self.paperboy.status()["deliveries"]
        self.assertEqual(sum(counts.values()), 0, str(result))
        self.write_to(stranger, "help")
        self.read_inbox()
        self.assertIn("subscribe", text_of(self.next_mail(stranger)))

    def test_bounce(self):
        nobody = f"nobody-{self.inbox}"
        self.put_profile(nobody, keywords=["LLM"])
        self.paperboy.write_configuration(bounces={"hard": 1})
        self.run_ok("run", "--feed", self.feed)
        self.wait_for_inbox(1)
        self.read_inbox()
        person = self.run_ok("subscriber", "export", nobody).document()
        suppression, = person["suppressed"]
        self.assertEqual(suppression["reason"], "bounced")
        self.assertRegex(suppression["evidence"], r"userunknown.*5\.1\.1")

    def test_forged_bounce(self):
        ada = self.user("ada")
        self.put_profile(ada, keywords=["LLM"])
        self.paperboy.write_configuration(bounces={"hard": 1})
        self.run_ok("run", "--feed", self.feed)
        sent = self.next_mail(ada)
        token = re.search(r"\+bounce-([a-z2-7]+)@", sent["Return-Path"]).group(1)
        report = (f"From: MAILER-DAEMON@there.example\r\nTo: {{to}}\r\nMIME-Version: 1.0\r\n"
                  'Content-Type: multipart/report; report-type={kind}; boundary="b"\r\n\r\n--b\r\n\r\nx\r\n--b\r\n'
                  "Content-Type: message/{kind}\r\n\r\n{text}\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
                  "Message-ID: {id}\r\nSubject: x\r\n--b--\r\n")
        failure = (f"Reporting-MTA: dns; there.example\r\n\r\nFinal-Recipient: rfc822; {ada}\r\nAction: failed\r\n"
                   "Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 user unknown\r\n")
        complaint = f"Feedback-Type: abuse\r\nVersion: 1\r\nOriginal-Rcpt-To: {ada}\r\n"
        forged = token[:-1] + ("a" if token[-1] != "a" else "b")

        def report_to(to, kind, text, id):
            with smtplib.SMTP("127.0.0.1", mail.smtp_port) as session:
                session.sendmail("", [to], report.format(to=to, kind=kind, text=text, id=id))
            self.wait_for_inbox(1)
            self.read_inbox()

        inbox = self.inbox.split("@")[0]
        for kind, text in (("delivery-status", failure), ("feedback-report", complaint)):
            report_to(self.inbox, kind, text, "<made-up@example.test>")
            report_to(f"{inbox}+bounce-{forged}@{mail.domain}", kind, text, "<made-up@example.test>")
        self.assertEqual(self.paperboy.status()["suppressed"], 0)
        # The Message-ID among the returned headers is proof as well.
        report_to(self.inbox, "feedback-report", complaint, sent["Message-ID"])
        person = self.run_ok("subscriber", "export", ada).document()
        self.assertEqual([one["reason"] for one in person["suppressed"]], ["complained"])
        # Only the owner lifts a complaint.
        self.write_to(ada, subject="subscribe")
        self.read_inbox()
        self.assert_no_mail(ada)

    def test_another_address(self):
        ada, new = self.user("ada"), self.user("new")
        self.put_profile(ada, keywords=["LLM"])
        self.run_ok("run", "--feed", self.feed)
        digest = self.next_mail(ada)
        self.write_to(ada, f"address {new}")
        self.read_inbox()
        asked = self.request_to(ada)
        for address, message in ((ada, asked), (new, self.next_mail(new))):
            self.assertTrue(self.has_profile(ada), "moved before both agreed")
            self.write_to(address, subject="confirm", to=self.link(message, "confirm"), vouched=False)
            self.read_inbox()
        self.assertFalse(self.has_profile(ada))
        self.assertIn("LLM", self.document(new))
        self.next_mail(new)
        self.run_ok("run", "--feed", self.feed)
        self.assert_no_mail(new)
        # A link in an old digest still acts for the person.
        self.write_to("x@example.test", subject="unsubscribe", to=self.link(digest, "unsubscribe"), vouched=False)
        self.read_inbox()
        self.assertEqual([one["reason"] for one in self.run_ok("subscriber", "export", new).document()["suppressed"]],
                         ["unsubscribed"])

    def test_forget_me(self):
        ada = self.user("ada")
        self.put_profile(ada, keywords=["LLM"])
        self.run_ok("run", "--feed", self.feed)
        self.next_mail(ada)
        self.write_to(ada, "forget me")
        self.read_inbox()
        confirm = self.link(self.request_to(ada), "confirm")
        self.write_to(ada, subject="confirm", to=confirm, vouched=False)
        self.read_inbox()
        self.assertFalse(self.has_profile(ada))
        self.assert_gone(ada)
        self.assert_no_mail(ada)

    def test_hostile_mails(self):
        ada = self.user("ada")
        self.put_profile(ada, keywords=["LLM"])
        nested = "Content-Type: message/rfc822\r\n\r\n" * 30000
        inner = "".join(f"Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n" for i in range(12000))
        bodies = [f"From: {ada}\r\n{nested}help\r\n", f"From: {ada}\r\nTo: {'(' * 900_000}\r\n\r\nhelp\r\n",
                  f"From: {ada}\r\nMIME-Version: 1.0\r\n{inner}\r\nx\r\n",
                  "From: a@b.example\r\n\trolled@over.example\r\nSubject: =?x?Q?=FF?= \xff\xfe\r\n\r\n\xff\xfe\r\n",
                  f"From: {ada}\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xff\xfe add x\r\n",
                  f"From: {ada}\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhello\r\n--x\r\n"
                  "Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                  + ("QUJD" * 19 + "\r\n") * 680_000 + "--x--\r\n"]
        for number, body in enumerate(bodies):
            folder = mail.maildir(self.inbox) / "new"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number}.hostile").write_bytes(body.encode("latin-1"))
        os.system(f"chown -R nobody:nogroup {mail.maildir(self.inbox)}")
        self.write_to(ada, "add after all")
        result = self.paperboy.run("inbox", seconds=200)
        self.assertEqual(result.status, OK, str(result))
        self.assertEqual(self.inbox_count(), 0)
        self.assertIn("after all", self.document(ada))
        self.assertEqual(len(self.moved_to("Processed")) + len(self.moved_to("Failed")) // 2, len(bodies) + 1, str(result))
        self.assertTrue(any(b"was not dealt with" in one for one in self.moved_to("Failed")), str(result))

    def test_other_servers(self):
        """A certificate of another authority or host, and a wrong password, are refused."""
        self.paperboy.write_configuration(inbox={"ca_file": None})
        self.assert_says(self.paperboy.run("inbox"), "inbox.ca_file")
        self.assertEqual(self.paperboy.run("inbox").status, 78)
        self.paperboy.write_configuration(inbox={
            "ca_file": str(mail.certificates.authority), "url": f"imaps://localhost.localdomain:{mail.imaps_port}/INBOX"})
        self.assertIn(self.paperboy.run("inbox").status, (75, 78))
        self.paperboy.write_configuration(inbox={"url": f"imaps://localhost:{mail.imaps_port}/INBOX"})
        self.paperboy.write("password", "wrong\n")
        result = self.paperboy.run("inbox")
        self.assertEqual(result.status, 78)
        self.assert_says(result, "inbox.username")
        self.paperboy.write("password", "secret\n")
        self.read_inbox()

    def test_watch(self):
        ada = self.user("ada")
        self.put_profile(ada, keywords=["LLM"])
        watcher = self.paperboy.start("inbox", "--watch")
        try:
            self.write_to(ada, "add one")
            servers.wait_for(lambda: "one" in self.document(ada), 20, "the first change")
            self.write_to(ada, "add two")
            servers.wait_for(lambda: "two" in self.document(ada), 20, "the second change")
        finally:
            watcher.terminate()
            out, err = watcher.communicate(timeout=30)
        self.assertEqual(watcher.returncode, OK, err.decode())

    def test_nobody_is_silenced(self):
        """A forged request takes nothing from whoever it names."""
        ada = self.user("ada")
        self.write_to(ada, subject="subscribe", vouched=False)
        self.read_inbox()
        self.link(self.next_mail(ada), "confirm")
        self.write_to(ada, subject="subscribe", vouched=False)
        self.read_inbox()
        self.assert_no_mail(ada)
        self.write_to(ada, subject="subscribe Ada")
        self.read_inbox()
        confirm = self.link(self.next_mail(ada), "confirm")
        self.write_to(ada, subject="subscribe Ada")
        self.read_inbox()
        self.assertIn("asked", text_of(self.next_mail(ada)))
        self.write_to(ada, subject="confirm", to=confirm, vouched=False)
        self.read_inbox()
        self.assertTrue(self.has_profile(ada))

    def test_reply_to_all(self):
        """A plus address that somebody put among the recipients acts for nobody who replies."""
        ada = self.user("ada")
        self.put_profile(ada, keywords=["LLM"])
        name, domain = self.inbox.split("@")
        plus = f"{name}+unsubscribe@{domain}"
        self.write_to(ada, "dinner at eight", subject="Re: dinner", to=plus, In_Reply_To="<x@there.example>")
        self.read_inbox()
        self.assertEqual(self.paperboy.status()["suppressed"], 0)
        self.write_to(ada, to=plus)
        self.read_inbox()
        self.assertEqual(self.paperboy.status()["suppressed"], 1)

    def test_limits(self):
        ada = self.user("ada")
        self.put_profile(ada, keywords=["LLM"])
        self.run_ok("run", "--feed", self.feed)
        self.next_mail(ada)
        for number in range(8):
            self.write_to(ada, "preview\nforget me\naddress other@example.test", subject=f"Hello {number}")
        self.read_inbox()
        counts = self.paperboy.status()["deliveries"]
        self.assertLessEqual(sum(counts.values()) - 1, 12, counts)
        rows = self.run_ok("subscriber", "export", ada).document()["deliveries"]
        self.assertEqual([row["kind"] for row in rows].count("confirmation"), 1, rows)

    def test_machines_with_tokens(self):
        ada = self.user("ada")
        self.put_profile(ada, keywords=["LLM"])
        self.run_ok("run", "--feed", self.feed)
        digest = self.next_mail(ada)
        envelope = digest["Return-Path"].strip("<>")
        self.write_to(ada, "Ticket 4711 has been opened.", subject="Ticket 4711", to=envelope)
        self.read_inbox()
        self.assert_no_mail(ada)
        leave = self.link(digest, "unsubscribe")
        self.write_to(ada, subject="unsubscribe", to=leave, vouched=False, Auto_Submitted="auto-generated")
        self.read_inbox()
        self.assert_no_mail(ada)
        self.assertEqual(self.paperboy.status()["suppressed"], 1)
        self.write_to(ada, subject="unsubscribe", to=leave, vouched=False)
        self.read_inbox()
        self.assert_no_mail(ada)

    def test_interrupted(self):
        """Killed at random, it loses no command and does none twice."""
        ada = self.user("ada")
        self.put_profile(ada, keywords=["LLM"])
        words = [f"word{number}" for number in range(12)]
        for word in words:
            self.write_to(ada, f"add {word}")
        for delay in (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5):
            child = self.paperboy.start("inbox")
            try:
                child.wait(delay)
            except subprocess.TimeoutExpired:
                child.kill()
            child.communicate()
        self.read_inbox()
        document = self.document(ada)
        for word in words:
            self.assertEqual(document.count(f'"{word}"'), 1, word)
        self.assertEqual(len(self.moved_to("Processed")), len(words))
        # Each is one change that can be taken back; they may have come in any order.
        for word in reversed(json.loads(document)["keywords"][-3:]):
            self.assertIn(f'"{word}"', self.document(ada))
            self.write_to(ada, "undo")
            self.read_inbox()
            self.assertNotIn(f'"{word}"', self.document(ada))


@with_postgres
class InboxInStore(Inbox):
    """The same with profiles in the database."""

    prefix = "s"

    @classmethod
    def setUpClass(cls):
        global database
        super().setUpClass()
        database = PostgresServer().start()

    @classmethod
    def tearDownClass(cls):
        database.stop()
        super().tearDownClass()

    def setUp(self):
        super().setUp()
        self.database = database.new_database()
        self.paperboy.write_configuration(subscribers="store:", store=database.url(self.database))

    def put_profile(self, address, **keys):
        path = self.paperboy.write("one.json", json.dumps({"email": address, **keys}))
        self.run_ok("subscriber", "import", path)

    def assert_gone(self, address):
        self.assertEqual(self.paperboy.run("subscriber", "export", address).status, NO_INPUT)

    def has_profile(self, address):
        return self.paperboy.run("subscriber", "show", address).status == OK

    def document(self, address):
        return self.run_ok("subscriber", "show", address).out


if __name__ == "__main__":
    unittest.main()

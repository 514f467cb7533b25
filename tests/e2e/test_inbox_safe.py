"""What a stranger, a broken server or a program cannot make the inbox do."""

import smtplib
import socket
import sqlite3
import threading
import unittest

import servers
import test_inbox
from imap_server import ImapServer
from support import CONFIGURATION, OK, TEMPORARY, Case
from test_inbox import Inbox

DAY = 86400
setUpModule = test_inbox.setUpModule
tearDownModule = test_inbox.tearDownModule


class Safe(Inbox):
    prefix = "d"

    def suppressed(self, address):
        person = self.run_ok("subscriber", "export", address).document()
        return [one["reason"] for one in person["suppressed"]]

    def send_raw(self, text, sender=""):
        with smtplib.SMTP("127.0.0.1", test_inbox.mail.smtp_port) as session:
            session.sendmail(sender, [self.inbox], text if isinstance(text, bytes) else text.encode())
        self.wait_for_inbox(1)

    def send_digest(self, who="ada"):
        address = self.user(who)
        self.put_profile(address, keywords=["LLM"])
        self.run_ok("run", "--feed", self.feed)
        return address, self.next_mail(address)

    def test_program_unsubscribes(self):
        """As Apple Mail does it, a program, and a provider's report: quietly."""
        for number, headers in enumerate(({"subject": "unsubscribe", "Auto_Submitted": "auto-generated"},
                                          {"subject": "Spam report", "Auto_Submitted": "auto-replied"},
                                          {"subject": "x", "Precedence": "bulk"})):
            ada, digest = self.send_digest(f"ada{number}")
            self.write_to(ada, to=self.link(digest, "unsubscribe"), vouched=False, **headers)
            self.read_inbox()
            self.assertEqual(self.suppressed(ada), ["unsubscribed"], headers)
            self.assert_no_mail(ada)

    def test_program_without_token(self):
        ada, digest = self.send_digest()
        to = self.link(digest, "unsubscribe")
        forged = to.replace("@", "a@") if to[to.index("@") - 1] != "a" else to.replace("a@", "b@")
        for address in (self.inbox, forged):
            self.write_to(ada, to=address, subject="unsubscribe", Auto_Submitted="auto-generated")
            self.read_inbox()
        self.assertEqual(self.suppressed(ada), [])

    def test_forged_results(self):
        """Our server's own field, one byte of it not UTF-8, and the sender's words in it."""
        ada, _ = self.send_digest()
        field = (b"Authentication-Results: " + test_inbox.AUTHORITY.encode() + b"; spf=pass (\xff =?utf-8?q?=29=3B_"
                 b"dmarc=3Dpass_header.from=3D" + test_inbox.mail.domain.encode() + b"?= ) smtp.mailfrom=x@evil.example")
        self.send_raw(field + f"\r\nFrom: {ada}\r\nTo: {self.inbox}\r\n\r\nunsubscribe\r\n".encode(), "x@evil.example")
        self.read_inbox()
        self.assertEqual(self.suppressed(ada), [])

    def test_two_senders(self):
        ada, _ = self.send_digest()
        for sender in (f"{ada} (hi) thief@{test_inbox.mail.domain}", f"{ada}, x@[192.0.2.1]"):
            self.send_raw(f"Authentication-Results: {test_inbox.AUTHORITY}; dmarc=pass header.from="
                          f"{test_inbox.mail.domain}\r\nFrom: {sender}\r\nTo: {self.inbox}\r\n\r\nunsubscribe\r\n")
            self.read_inbox()
        self.assertEqual(self.suppressed(ada), [])
        self.assert_no_mail(ada)

    def test_id_of_a_digest(self):
        ada, digest = self.send_digest()
        head = f"From: mallory@evil.example\r\nTo: {self.inbox}\r\nSubject: Spam report\r\nMIME-Version: 1.0\r\n"
        head += 'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n--b\r\n'
        returned = f"Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: {digest['Message-ID']}\r\n--b--\r\n"
        self.send_raw(f"{head}\r\nIn-Reply-To-Id: {digest['Message-ID']}\r\nMessage-ID: {digest['Message-ID']}\r\n--b--\r\n")
        self.read_inbox()
        self.assertEqual(self.suppressed(ada), [], "the id in a text")
        store = sqlite3.connect(self.paperboy.store)
        store.execute("UPDATE deliveries SET changed_utc = changed_utc - ?, created_utc = created_utc - ?",
                      (31 * DAY, 31 * DAY))
        store.commit()
        self.send_raw(head + "\r\n--b\r\n" + returned)
        self.read_inbox()
        self.assertEqual(self.suppressed(ada), [], "an old id")
        store.execute("UPDATE deliveries SET changed_utc = changed_utc + ?", (2 * DAY,))
        store.commit()
        store.close()
        self.send_raw(head + "\r\nagain\r\n--b\r\n" + returned)
        self.read_inbox()
        self.assertEqual(self.suppressed(ada), ["complained"])


class Refused(Case):
    """What passes by itself is tried again by systemd (75); what a person has to mend is not (78)."""

    def use(self, url, **keys):
        self.paperboy.write("password", "secret\n").chmod(0o600)
        self.paperboy.write_configuration(inbox={
            "url": url, "username": "paperboy", "password_file": "password", "address": "paperboy@example.test",
            "authserv_id": "mx.example.test", **keys})

    def serve(self, **options):
        server = ImapServer(**options)
        self.addCleanup(server.close)
        self.use(server.url())
        return server

    def test_refusals(self):
        for word in ("AUTHENTICATE", "SELECT", "CREATE"):
            for code, status in ((b"[UNAVAILABLE] later", TEMPORARY), (b"[inuse] x", TEMPORARY),
                                 (b"[SERVERBUG] x", TEMPORARY), (b"[AUTHENTICATIONFAILED] x", CONFIGURATION),
                                 (b"[NONEXISTENT] unavailable", CONFIGURATION), (b"no", CONFIGURATION)):
                self.serve(replies={word: b"TAG NO " + code + b"\r\n"})
                result = self.paperboy.run("inbox")
                self.assertEqual(result.status, status, f"{word} {code}: {result}")

    def test_connection_reset(self):
        """In the middle of making it secure."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def reset():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                connection.recv(100)
                connection.close()

        threading.Thread(target=reset, daemon=True).start()
        self.use(f"imaps://127.0.0.1:{listener.getsockname()[1]}/INBOX")
        result = self.paperboy.run("inbox")
        self.assertEqual(result.status, TEMPORARY, str(result))

    def test_refused_after_success(self):
        """A password that was good is not given up for one refusal."""
        server = self.serve(capabilities=b"IMAP4rev1 MOVE IDLE SASL-IR AUTH=PLAIN",
                            replies={"IDLE": b"+ idling\r\n"})
        watcher = self.paperboy.start("inbox", "--watch")
        try:
            servers.wait_for(lambda: "IDLE" in server.seen, 20, "the first session")
            server.replies["AUTHENTICATE"] = b"TAG NO [AUTHENTICATIONFAILED] no\r\n"
            servers.wait_for(lambda: server.seen.count("AUTHENTICATE") >= 2, 30, "a second login")
            del server.replies["AUTHENTICATE"]
            servers.wait_for(lambda: server.seen.count("IDLE") >= 2, 30, "a second session")
        finally:
            watcher.terminate()
            out, err = watcher.communicate(timeout=30)
        self.assertEqual(watcher.returncode, OK, err.decode())
        self.assertIn("refused for now", err.decode())


# The set-up is taken over, not the tests.
for name in [name for name in vars(Inbox) if name.startswith("test_")]:
    if name not in vars(Safe):
        setattr(Safe, name, None)
del Inbox


if __name__ == "__main__":
    unittest.main()

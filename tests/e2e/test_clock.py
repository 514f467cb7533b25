"""A clock that is set while the program runs: leases, limits, retries and expiry neither
stall nor send twice."""

import signal
import sqlite3
import threading
import time
from collections import Counter
from datetime import datetime, timezone

from feeds import papers, rss
from hostile_smtp import HostileSmtp
from servers import free_port, wait_for
from support import OK, TEMPORARY, Case
from virtual import MovableClock, forget_clock, needs_clock

START = datetime(2026, 2, 17, 12, 0, tzinfo=timezone.utc)


class Gated(HostileSmtp):
    """Waits with each message while `gate` is cleared."""

    def __init__(self, script=None):
        self.gate = threading.Event()
        self.gate.set()
        self.waiting = 0
        super().__init__(script)

    def action(self, stage, address=None):
        if stage == "accepted" and not self.gate.is_set():
            self.waiting += 1
            self.gate.wait(60)
        return super().action(stage, address)

    def taken(self):
        return Counter(recipients[0] for _, recipients, _ in list(self.accepted))


@needs_clock
class SetClock(Case):
    def setUp(self):
        super().setUp()
        self.clock = MovableClock(self.folder / "clock", START)
        self.feed = self.paperboy.write("day.xml", rss(papers(10)))

    def people(self, count):
        people = [f"reader{number:03}@example.test" for number in range(count)]
        for address in people:
            self.paperboy.profile(address, keywords=["LLM", "training"], max_papers=2)
        return people

    def relay(self, script=None, **delivery):
        server = Gated(script)
        self.addCleanup(server.close)
        self.paperboy.write_configuration(delivery={"url": server.url(), "tls": "off", **delivery})
        return server

    def start(self, *words):
        process = self.paperboy.start(*words, env=self.clock.environment())
        self.addCleanup(forget_clock, process)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.communicate()

    def finish(self, process, status):
        _, err = process.communicate(timeout=90)
        self.assertEqual(process.returncode, status, err.decode())
        return err.decode()

    def run_now(self, *words, status=OK):
        return self.finish(self.start(*words), status)

    def rows(self, statement):
        store = sqlite3.connect(self.paperboy.store, timeout=10)
        try:
            return store.execute(statement).fetchall()
        finally:
            store.close()

    def counts(self):
        return dict(self.rows("SELECT state, count(*) FROM deliveries GROUP BY state"))


class Waiting(SetClock):
    def test_a_relay_that_never_comes(self):
        """`send --wait` says what it waits for, and ends when all has expired."""
        self.people(3)
        self.paperboy.write_configuration(delivery={"url": f"smtp://127.0.0.1:{free_port()}", "tls": "off",
                                                    "expire_hours": 2})
        self.run_now("run", "--feed", self.feed, status=TEMPORARY)
        process = self.start("send", "--wait")
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(iter(process.stderr.readline, b"")))
        reader.start()
        wait_for(lambda: any(b"it is tried again" in line for line in lines), 30, "a line that says what is waited for")
        self.assertGreater(self.counts()["claimed"], 0)
        self.clock.move(hours=3)
        reader.join(60)
        self.assertFalse(reader.is_alive(), f"it goes on for ever: {lines}")
        self.assertEqual(process.wait(10), TEMPORARY, lines)
        process.stdout.close()
        process.stderr.close()
        self.assertIn(b"expired 3, left 0", lines[-1])
        self.assertEqual(self.counts(), {"expired": 3})

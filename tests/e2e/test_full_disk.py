"""A disk that fills up before and while mail goes out: nothing is lost, nothing goes twice
but what was under way, it is said in one line, and it goes on when there is room again."""

import os
import re
import sqlite3
import tempfile
import threading
from collections import Counter
from datetime import datetime, timezone

from feeds import papers, rss
from hostile_smtp import HostileSmtp
from servers import wait_for
from small_disk import SmallDisk
from support import OK, TEMPORARY, Case
from virtual import MovableClock, forget_clock, needs_clock

READERS = 24
CONNECTIONS = 2
FULL = "no space|full"
START = datetime(2026, 2, 17, 12, 0, tzinfo=timezone.utc)


class FillingSink(HostileSmtp):
    """Fills a disk at the n-th event of its sessions."""

    def __init__(self):
        self.lock = threading.Lock()
        self.fuse, self.disk, self.left = None, None, 0
        super().__init__()

    def action(self, stage, address=None):
        with self.lock:
            if self.fuse is not None:
                self.fuse -= 1
                if self.fuse <= 0:
                    self.disk.fill(self.left)
                    self.fuse = None
        return super().action(stage, address)


@needs_clock
class FullDisk(Case):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0 or not SmallDisk.is_permitted(self.folder):
            self.skipTest("a small disk can be mounted by root only, and not in every container")
        self.clock = MovableClock(self.folder / "clock", START)
        self.readers = [f"reader{number:02}@example.test" for number in range(READERS)]
        for address in self.readers:
            self.paperboy.profile(address, keywords=["LLM", "training"], max_papers=2)
        self.feed = self.paperboy.write("day.xml", rss(papers(20)))
        self.number = 0
        self.fresh()

    def fresh(self):
        """Another disk with an empty store, and another relay."""
        self.number += 1
        folder = self.folder / f"disk{self.number}"
        self.disk = SmallDisk(folder, 4)
        self.addCleanup(self.disk.unmount)
        self.sink = FillingSink()
        self.sink.disk = self.disk
        self.addCleanup(self.sink.close)
        self.paperboy.write_configuration(
            store=f"sqlite:disk{self.number}/paperboy.db",
            delivery={"url": self.sink.url(), "tls": "off", "connections": CONNECTIONS})
        self.store = folder / "paperboy.db"

    def start(self, *words):
        process = self.paperboy.start(*words, env=self.clock.environment())
        self.addCleanup(forget_clock, process)
        return process

    def finish(self, process):
        _, err = process.communicate(timeout=120)
        err = err.decode()
        self.assertNotIn("runtime error", err)
        self.assertGreaterEqual(process.returncode, 0, err)
        return process.returncode, err

    def work(self, *words):
        return self.finish(self.start(*words))

    def under_way(self):
        store = sqlite3.connect(self.store, timeout=10)
        try:
            return [row[0] for row in store.execute("SELECT subscriber FROM deliveries WHERE state = 'sending'")]
        finally:
            store.close()

    def check_all(self, may_be_doubled=()):
        times = Counter(recipients[0] for _, recipients, _ in self.sink.accepted)
        self.assertEqual(sorted(times), self.readers, "lost")
        doubled = {address for address, count in times.items() if count > 1}
        self.assertLessEqual(doubled, set(may_be_doubled), "twice")
        self.assertLessEqual(max(times.values()), 2)

    def check_said_once(self, err):
        lines = [line for line in err.splitlines() if re.search(FULL, line, re.I)]
        self.assertEqual(len(lines), 1, err)

    def go_on(self):
        """Room again, and what was held by who had none is free."""
        self.disk.empty()
        self.clock.move(seconds=301)
        status, err = self.work("run", "--feed", self.feed)
        self.assertEqual(status, OK, err)

    def test_before_a_run(self):
        """From not a byte to nearly enough: the edition, the plan, the first claims."""
        failures = 0
        for left in (0, 8, 48, 96, 144, 192, 256, 320, 448):
            with self.subTest(left=left):
                self.fresh()
                self.assertEqual(self.work("status")[0], OK)
                self.disk.fill(left)
                process = self.start("run", "--feed", self.feed)
                # What a relay has said already is kept in mind until there is room, or the lease is over.
                timer = threading.Timer(3, self.clock.move, kwargs={"seconds": 400})
                timer.start()
                status, err = self.finish(process)
                timer.cancel()
                timer.join()
                self.disk.empty()
                may_be_doubled = self.under_way()
                if status != OK:
                    failures += 1
                    self.assertEqual(status, TEMPORARY, err)
                    self.assertRegex(err, f"(?i){FULL}")
                    self.assertLessEqual(len(may_be_doubled), CONNECTIONS)
                self.go_on()
                self.check_all(may_be_doubled)
        self.assertGreater(failures, 3, "the disk was never full")

    def test_in_the_middle_until_there_is_room(self):
        """It waits, says for what, and goes on; what has not begun may be left to the next run.
        Nobody gets anything twice."""
        waited = 0
        for fuse in (1, 2, 3, 5, 8, 21, 40, 70):
            with self.subTest(fuse=fuse):
                self.fresh()
                self.sink.fuse = fuse
                process = self.start("run", "--feed", self.feed)
                said = []
                reader = threading.Thread(target=lambda: said.extend(iter(process.stderr.readline, b"")))
                reader.start()
                wait_for(lambda: any(re.search(FULL.encode(), line) for line in said) or not reader.is_alive(), 60,
                         "a line about the full disk")
                self.disk.empty()
                reader.join(60)
                status = process.wait(10)
                process.stdout.close()
                process.stderr.close()
                self.assertIn(status, (OK, TEMPORARY), said)
                waited += status == OK
                self.check_said_once(b"".join(said).decode())
                self.go_on()
                self.check_all()
        self.assertGreater(waited, 3, "it seldom waits for its journal")

    def test_in_the_middle_for_good(self):
        """It gives up with its lease; later, what was under way is sent again and nothing else."""
        for fuse in (2, 7, 30):
            with self.subTest(fuse=fuse):
                self.fresh()
                self.sink.fuse = fuse
                process = self.start("run", "--feed", self.feed)
                wait_for(lambda: self.sink.fuse is None, 60, "mail going out")
                timer = threading.Timer(2, self.clock.move, kwargs={"seconds": 400})
                timer.start()
                status, err = self.finish(process)
                timer.join()
                self.assertEqual(status, TEMPORARY, err)
                self.assertRegex(err, f"(?i){FULL}")
                self.disk.empty()
                may_be_doubled = self.under_way()
                self.assertLessEqual(len(may_be_doubled), CONNECTIONS)
                self.go_on()
                self.check_all(may_be_doubled)

"""paperboy backup: a copy that is whole, made while others work, and put back."""

import shutil
import signal
import sqlite3
import subprocess
import threading

from feeds import papers, rss
from servers import wait_for
from support import (CANNOT_CREATE, CONFIGURATION, OK, TEMPORARY, USAGE, Case, Paperboy)


class Backup(Case):
    def setUp(self):
        super().setUp()
        self.use_examples()
        self.feed = self.paperboy.write("day.xml", rss(papers(20)))
        self.out = self.folder / "backups/today"
        self.out.parent.mkdir()

    def backup(self, **options):
        return self.run_ok("backup", "--out", self.out, **options)

    def listing(self):
        return sorted(str(path.relative_to(self.out)) for path in self.out.rglob("*"))

    def test_whole(self):
        self.run_ok("run", "--feed", self.feed)
        self.paperboy.write("subscribers/broken@example.test.json", "{")
        self.paperboy.write("subscribers/README.md", "# Who reads\n")
        self.paperboy.write("password", "hunter2-hunter2\n").chmod(0o600)
        self.paperboy.write_configuration(delivery={"url": "smtp://localhost:9", "username": "x",
                                                    "password_file": "password"})
        result = self.backup()
        self.assert_says(result, "3 profiles", "RESTORE")
        self.assertEqual(self.listing(), [
            "RESTORE", "paperboy.db", "paperboy.json", "paperboy.key", "subscribers",
            "subscribers/ada@example.test.json", "subscribers/broken@example.test.json",
            "subscribers/emmy@example.test.json"])
        for path in (self.out, *self.out.rglob("*")):
            self.assertEqual(path.stat().st_mode & 0o777, 0o700 if path.is_dir() else 0o600, path)
        for name in ("paperboy.json", "paperboy.key", "subscribers/ada@example.test.json",
                     "subscribers/broken@example.test.json"):
            self.assertEqual((self.out / name).read_bytes(), (self.folder / name).read_bytes(), name)
        note = (self.out / "RESTORE").read_text()
        for named in (self.paperboy.store, self.folder / "paperboy.key", self.folder / "subscribers", "password"):
            self.assertIn(str(named), note)
        for path in self.out.rglob("*"):
            self.assertFalse(path.is_file() and b"hunter2-hunter2" in path.read_bytes(), f"the password is in {path}")
        self.assertEqual(list(self.out.parent.iterdir()), [self.out], "something was left beside it")

    def test_put_back(self):
        """Copied into a fresh folder, it goes on where it was: nothing is sent twice, links stay valid."""
        self.run_ok("run", "--feed", self.feed)
        self.backup()
        other = self.folder / "other"
        other.mkdir()
        restored = Paperboy(other)
        shutil.rmtree(restored.subscribers)
        for path in self.out.iterdir():
            if path.is_dir():
                shutil.copytree(path, other / path.name)
            elif path.name != "RESTORE":
                shutil.copy(path, other / path.name)
        self.assertEqual(restored.status(), self.paperboy.status())
        result = restored.run("run", "--feed", self.feed)
        self.assertEqual(result.status, OK, str(result))
        self.assertEqual(restored.delivered(), [], "what was sent before the backup came again")
        later = restored.write("later.xml", rss(papers(20, first=500), date="2026-02-18"))
        result = restored.run("run", "--feed", later)
        self.assertEqual(result.status, OK, str(result))
        self.assertEqual(len(restored.delivered()), 2, str(result))
        self.assertEqual((other / "paperboy.key").read_text(), (self.folder / "paperboy.key").read_text())

    def test_refuses_to_overwrite(self):
        self.out.mkdir()
        for _ in range(2):
            self.run_fails(CANNOT_CREATE, "backup", "--out", self.out, says="is there already")
            (self.out / "mine").write_text("x")
        self.assertEqual(self.listing(), ["mine"])
        self.run_fails(CANNOT_CREATE, "backup", "--out", self.feed, says="is there already")

    def test_places_that_cannot_be(self):
        self.run_fails(CANNOT_CREATE, "backup", "--out", self.folder / "no/where", says="cannot make a folder")
        self.run_fails(USAGE, "backup", says="--out")
        self.run_fails(USAGE, "backup", "--out", "", says="--out")

    def test_slash_at_the_end(self):
        self.run_ok("backup", "--out", f"{self.out}/")
        self.assertIn("paperboy.json", self.listing())

    def test_nothing_yet(self):
        result = self.backup()
        self.assert_says(result, "store", "is not there")
        self.assertEqual(self.listing(), ["RESTORE", "paperboy.json", "subscribers", "subscribers/ada@example.test.json",
                                          "subscribers/emmy@example.test.json"])
        self.assertFalse(self.paperboy.store.exists())

    def test_no_folder_of_profiles(self):
        self.run_ok("fetch", "--feed", self.feed)
        shutil.rmtree(self.paperboy.subscribers)
        result = self.paperboy.run("backup", "--out", self.out)
        self.assertNotEqual(result.status, OK)
        self.assertEqual(list(self.out.parent.iterdir()), [], "half a backup")

    def test_damaged_store(self):
        self.run_ok("fetch", "--feed", self.feed)
        with sqlite3.connect(self.paperboy.store) as store:
            store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            # One that holds papers, so that opening the store does not see it.
            page, = store.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'papers'").fetchone()
        raw = bytearray(self.paperboy.store.read_bytes())
        raw[(page - 1) * 4096:(page - 1) * 4096 + 100] = b"\xaa" * 100
        self.paperboy.store.write_bytes(raw)
        self.run_fails(CONFIGURATION, "backup", "--out", self.out, says="damaged|malformed|corrupt")
        self.assertEqual(list(self.out.parent.iterdir()), [], "half a backup")

    def test_link_among_the_profiles(self):
        outside = self.paperboy.write("outside.json", '{"email": "x@example.test"}')
        (self.paperboy.subscribers / "x@example.test.json").symlink_to(outside)
        result = self.backup()
        self.assert_says(result, r"x@example\.test\.json", "left out")
        self.assertNotIn("subscribers/x@example.test.json", self.listing())

    def test_locked_store(self):
        self.run_ok("fetch", "--feed", self.feed)
        store = sqlite3.connect(self.paperboy.store, isolation_level=None)
        self.addCleanup(store.close)
        store.execute("PRAGMA locking_mode = EXCLUSIVE")
        store.execute("BEGIN EXCLUSIVE")
        self.run_fails(TEMPORARY, "backup", "--out", self.out, says="store")
        self.assertEqual(list(self.out.parent.iterdir()), [])

    def test_while_others_write(self):
        """Two tables that are always changed together are never seen apart."""
        self.run_ok("fetch", "--feed", self.feed)
        stop, turns = threading.Event(), []

        def write():
            store = sqlite3.connect(self.paperboy.store, isolation_level=None, timeout=30)
            while not stop.is_set():
                store.execute("BEGIN IMMEDIATE")
                for name in ("one", "two"):
                    store.execute("INSERT INTO facts (name, value) VALUES (?, ?)"
                                  " ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, str(len(turns)).encode()))
                store.execute("COMMIT")
                turns.append(1)
            store.close()

        writer = threading.Thread(target=write)
        writer.start()
        try:
            wait_for(lambda: turns, 20, "the first write")
            for number in range(5):
                before = len(turns)
                out = self.out.parent / str(number)
                self.run_ok("backup", "--out", out)
                with sqlite3.connect(out / "paperboy.db") as copy:
                    facts = dict(copy.execute("SELECT name, value FROM facts WHERE name IN ('one', 'two')"))
                    self.assertEqual(copy.execute("PRAGMA integrity_check").fetchone(), ("ok",))
                self.assertEqual(facts["one"], facts["two"])
                self.assertGreaterEqual(int(facts["one"]), before - 1)
        finally:
            stop.set()
            writer.join()

    def test_killed(self):
        """At whatever moment: either it is whole or it is not there."""
        self.run_ok("fetch", "--feed", self.feed)
        for number in range(400):
            self.paperboy.profile(f"p{number}@example.test", keywords=["LLM"])
        wholes = 0
        for number, delay in enumerate((0.002, 0.005, 0.01, 0.03, 0.1, 0.5, 60)):
            out = self.out.parent / str(number)
            process = self.paperboy.start("backup", "--out", out)
            try:
                process.wait(delay)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
            process.communicate()
            if out.exists():
                wholes += 1
                self.assertTrue((out / "RESTORE").exists())
                self.assertEqual(len(list((out / "subscribers").iterdir())), 402)
        self.assertGreater(wholes, 0)

    def test_stopped(self):
        """A polite end takes away what it has made."""
        for number in range(3000):
            self.paperboy.profile(f"p{number}@example.test", keywords=["LLM"])
        process = self.paperboy.start("backup", "--out", self.out)
        wait_for(lambda: list(self.out.parent.iterdir()) or process.poll() is not None, 20, "its beginning")
        process.terminate()
        _, err = process.communicate(timeout=60)
        if process.returncode == OK:
            self.assertTrue((self.out / "RESTORE").exists())
        else:
            self.assertEqual(process.returncode, TEMPORARY, err)
            self.assertEqual(list(self.out.parent.iterdir()), [], "half a backup")

    def test_key_of_others(self):
        self.paperboy.write("paperboy.key", "0" * 64 + "\n").chmod(0o644)
        self.run_fails(CONFIGURATION, "backup", "--out", self.out, says="chmod 600")
        self.assertEqual(list(self.out.parent.iterdir()), [])

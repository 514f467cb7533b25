"""The key and its store: who was erased stays recognised, or nothing goes on; and what
root makes in a folder of the service's user belongs to that user."""

import os
import secrets
import shutil
import sqlite3
from pathlib import Path

from feeds import papers, rss
from postgres import PostgresServer, with_postgres
from servers import LOCAL_ADDRESS
from support import CONFIGURATION, OK, Case, Paperboy, needs_root

ADA = "ada@example.test"


class KeyCase(Case):
    def setUp(self):
        super().setUp()
        self.key = self.folder / "paperboy.key"
        self.feed = self.paperboy.write("day.xml", rss(papers(9)))
        self.use_examples()

    def put_other_key(self):
        self.key.write_text(secrets.token_hex(32) + "\n")
        self.key.chmod(0o600)

    def commands(self):
        """All that make or read tokens or the hashes of who was erased."""
        return (("run", "--feed", self.feed), ("run", "--dry-run", "--feed", self.feed), ("send",),
                ("subscriber", "add", "new@example.test"), ("subscriber", "add", ADA),
                ("subscriber", "import", self.paperboy.write("one.json", '{"email": "one@example.test"}')),
                ("subscriber", "erase", "emmy@example.test"), ("subscriber", "unsuppress", ADA),
                ("preview", "emmy@example.test"), ("backup", "--out", self.folder / "copy"))

    def refuse_all(self, *says):
        before = sorted(self.paperboy.subscribers.iterdir())
        for words in self.commands():
            with self.subTest(words):
                result = self.run_fails(CONFIGURATION, *words, says=(r"key_file: .*paperboy\.key", *says))
                self.assert_few_lines(result, 2)
        check = self.paperboy.run("check")
        self.assertEqual(check.status, CONFIGURATION, str(check))
        self.assertRegex(check.out, r"error +key_file: .*paperboy\.key: is not")
        self.assertEqual(sorted(self.paperboy.subscribers.iterdir()), before)
        self.assertFalse((self.folder / "copy").exists())


class OneMachine(KeyCase):
    def setUp(self):
        super().setUp()
        self.run_ok("run", "--feed", self.feed)
        self.run_ok("subscriber", "erase", ADA)

    def test_lost(self):
        kept = self.key.read_bytes()
        self.key.unlink()
        self.refuse_all("is not there", "backup")
        self.assertFalse(self.key.exists(), "another was made in its place")
        self.key.write_bytes(kept)
        self.key.chmod(0o600)
        self.run_fails(73, "subscriber", "add", ADA, says="erased")
        self.run_ok("run", "--feed", self.feed)

    def test_another(self):
        self.put_other_key()
        self.refuse_all("is not the key")

    def test_store_of_an_older_version(self):
        """No fingerprint yet: the key that is there is taken; a missing one is missed."""
        with sqlite3.connect(self.paperboy.store) as store:
            store.execute("DELETE FROM facts WHERE name = 'key fingerprint'")
        kept = self.key.read_bytes()
        self.key.unlink()
        self.refuse_all("is not there")
        self.key.write_bytes(kept)
        self.key.chmod(0o600)
        self.run_ok("run", "--feed", self.feed)
        self.put_other_key()
        self.refuse_all("is not the key")

    def test_a_new_key_on_purpose(self):
        """As paperboy.json(5) says."""
        self.put_other_key()
        with sqlite3.connect(self.paperboy.store) as store:
            store.execute("DELETE FROM facts WHERE name = 'key fingerprint'")
        self.run_ok("run", "--feed", self.feed)
        self.run_ok("check")
        self.run_ok("subscriber", "add", ADA)  # what is lost by it

    def test_a_backup_has_its_key(self):
        self.run_ok("backup", "--out", self.folder / "copy")
        other = self.folder / "other"
        other.mkdir()
        restored = Paperboy(other)
        shutil.copy(self.folder / "copy/paperboy.db", restored.store)
        result = restored.run("subscriber", "add", ADA)
        self.assertEqual(result.status, CONFIGURATION, str(result))
        shutil.copy(self.folder / "copy/paperboy.key", other / "paperboy.key")
        result = restored.run("subscriber", "add", ADA)
        self.assertEqual(result.status, 73, str(result))


class FirstUse(KeyCase):
    def fingerprints(self):
        with sqlite3.connect(self.paperboy.store) as store:
            return store.execute("SELECT value FROM facts WHERE name = 'key fingerprint'").fetchall()

    def test_who_makes_it(self):
        """The first `subscriber add`, `import` or `run`; none that makes no mail."""
        for words in (("check",), ("fetch", "--feed", self.feed), ("preview", ADA), ("subscriber", "list"), ("status",),
                      ("rank",), ("run", "--dry-run", "--feed", self.feed), ("check", "--send", "you@example.test")):
            self.run_ok(*words)
            self.assertFalse(self.key.exists(), f"{words} made a key")
        self.assertEqual(self.fingerprints(), [])
        self.run_ok("subscriber", "add", "new@example.test")
        self.assertEqual(self.key.stat().st_mode & 0o777, 0o600)
        self.assertEqual(len(self.fingerprints()), 1)
        self.assertNotIn(self.fingerprints()[0][0].decode(), self.key.read_text())

    def test_many_at_once(self):
        started = [self.paperboy.start("subscriber", "add", f"p{number}@example.test") for number in range(6)]
        for process in started:
            _, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, OK, err.decode())
        self.run_ok("run", "--feed", self.feed)

    def test_many_with_keys_of_their_own(self):
        """One of them wins, and the others say that theirs is another."""
        started = []
        for number in range(6):
            keys = self.folder / f"key{number}"
            configuration = self.folder / f"paperboy{number}.json"
            self.paperboy.write_configuration(key_file=str(keys))
            shutil.copy(self.folder / "paperboy.json", configuration)
            started.append(self.paperboy.start("--config", configuration, "subscriber", "add", f"p{number}@example.test"))
        outcomes = []
        for process in started:
            _, err = process.communicate(timeout=60)
            outcomes.append(process.returncode)
            if process.returncode != OK:
                self.assertRegex(err.decode(), r"key_file: .*key\d: is not (the key|there)")
        self.assertEqual(sorted(outcomes), [OK] + 5 * [CONFIGURATION])


@with_postgres
class TwoMachines(KeyCase):
    def setUp(self):
        super().setUp()
        server = PostgresServer().start()
        self.addCleanup(server.stop)
        url = server.url(server.new_database(), LOCAL_ADDRESS)
        folder = self.folder / "second"
        folder.mkdir()
        self.second = Paperboy(folder)
        for machine in (self.paperboy, self.second):
            machine.write_configuration(store=url, subscribers="store:")

    def test_without_the_key(self):
        self.run_ok("subscriber", "add", ADA)
        for words in (("subscriber", "add", "new@example.test"), ("run", "--feed", self.feed), ("check",)):
            result = self.second.run(*words)
            self.assertEqual(result.status, CONFIGURATION, str(result))
            self.assertIn("is not there, but the store was used with a key", result.out + result.err)
        self.run_ok("subscriber", "erase", ADA)
        shutil.copy(self.key, self.second.folder / "paperboy.key")
        result = self.second.run("subscriber", "add", ADA)
        self.assertEqual(result.status, 73, str(result))
        self.assertEqual(self.second.run("check").status, OK)

    def test_with_another_key(self):
        for machine in (self.paperboy, self.second):
            key = machine.write("paperboy.key", secrets.token_hex(32) + "\n")
            key.chmod(0o600)
        self.run_ok("subscriber", "add", ADA)
        result = self.second.run("subscriber", "erase", ADA)
        self.assertEqual(result.status, CONFIGURATION, str(result))
        self.assert_says(result, "is not the key")


@needs_root("giving files to others")
class Root(Case):
    def test_what_root_makes(self):
        """In a folder of the service's user all of it is that user's, whatever came first."""
        shutil.chown(self.folder, "nobody", "nogroup")
        shutil.rmtree(self.paperboy.subscribers)
        feed = self.paperboy.write("day.xml", rss(papers(9)))
        self.paperboy.write_configuration(delivery={"url": "maildir:mail/outbox"})
        for address in (ADA, "emmy@example.test"):
            self.run_ok("subscriber", "add", address, "--keywords", "LLM", "training")
        self.run_ok("run", "--feed", feed, "--only", ADA)
        self.run_ok("backup", "--out", self.folder / "copy")
        self.run_ok("subscriber", "export", "--out", self.folder / "exported")
        owner = self.folder.stat()
        written = [path for path in self.folder.rglob("*") if path not in (feed, self.folder / "paperboy.json")]
        self.assertGreater(len(written), 15)
        for path in written:
            found = os.lstat(path)
            self.assertEqual((found.st_uid, found.st_gid), (owner.st_uid, owner.st_gid), path)
        result = self.paperboy.run("run", user="nobody", group="nogroup", extra_groups=[])
        self.assertEqual(len(self.paperboy.delivered(Path(self.folder / "mail/outbox"))), 2, str(result))

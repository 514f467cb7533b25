"""Profiles in the database ("subscribers": "store:"), moved there and back, and people
who want to be forgotten."""

import base64
import fcntl
import json
import os
import random
import signal
import sqlite3
import time

from feeds import papers, rss
from hostile_smtp import HostileSmtp
from support import (CANNOT_CREATE, DATA_ERROR, NO_INPUT, OK, USAGE, Case)

ODD = '{"email": "odd@example.test",\n\n   "keywords": ["LLM",  "training"], "max_papers": 7 }'


class InStore(Case):
    def setUp(self):
        super().setUp()
        self.feed = self.paperboy.write("day.xml", rss(papers(20)))

    def use_store(self):
        self.paperboy.write_configuration(subscribers="store:")

    def use_folder(self, name="subscribers"):
        self.paperboy.write_configuration(subscribers=name)

    def files(self, folder="subscribers"):
        return {path.name: path.read_bytes() for path in (self.folder / folder).iterdir()}

    def move_to_store(self, status=OK):
        self.use_store()
        result = self.paperboy.run("subscriber", "import", "subscribers")
        self.assertEqual(result.status, status, str(result))
        return result


class Life(InStore):
    def test_a_life(self):
        self.use_store()
        self.run_ok("subscriber", "add", "Ada@example.test", "--keywords", "LLM", "training", "--categories", "cs.LG")
        self.run_fails(CANNOT_CREATE, "subscriber", "add", "ada@example.test", says="ada@example.test.*already")
        self.assertEqual(self.run_ok("subscriber", "show", "ADA@example.test").document()["keywords"], ["LLM", "training"])
        self.assertEqual(self.run_ok("subscriber", "list").out, "ada@example.test\tactive\n")
        self.assertEqual(list(self.paperboy.subscribers.iterdir()), [], "written beside the store")
        self.assertEqual(self.paperboy.status()["subscribers"], 1)
        self.run_ok("subscriber", "pause", "ada@example.test")
        self.run_ok("run", "--feed", self.feed)
        self.assertEqual(self.paperboy.delivered(), [])
        self.run_ok("subscriber", "resume", "ada@example.test")
        self.run_ok("run", "--feed", self.feed)
        self.assertEqual(list(self.mails()), ["ada@example.test"])
        self.run_ok("run", "--feed", self.feed)
        self.assertEqual(len(self.paperboy.delivered()), 1)
        ranked = self.run_ok("rank", "--json").lines()
        self.assertEqual([line["subscriber"] for line in ranked], ["ada@example.test"])
        self.run_ok("preview", "ada@example.test", "--text")
        self.run_ok("run", "--only", "ada@example.test", "--feed", self.feed)
        self.run_ok("subscriber", "remove", "ada@example.test")
        for word in ("show", "remove", "pause"):
            self.run_fails(NO_INPUT, "subscriber", word, "ada@example.test", says="no profile of ada@example.test in the store")
        self.assertEqual(self.run_ok("subscriber", "list").out, "")

    def test_files_do_not_count(self):
        """Exactly one of folder and store holds: neither is looked at when the other is meant."""
        self.use_examples()
        self.use_store()
        self.run_ok("subscriber", "add", "only@example.test", "--keywords", "LLM")
        self.run_ok("run", "--feed", self.feed)
        self.assertEqual(list(self.mails()), ["only@example.test"])

    def test_broken_in_the_store(self):
        """Somebody has changed a row by hand: it is named with its line and key, and stops nobody else."""
        self.use_examples()
        self.move_to_store()
        with sqlite3.connect(self.paperboy.store) as store:
            store.execute("UPDATE profiles SET document = ? WHERE address = 'emmy@example.test'",
                          ['{\n  "email": "emmy@example.test",\n  "keywrods": []\n}\n'])
        result = self.run_ok("run", "--feed", self.feed)
        self.assert_says(result, r"store:emmy@example\.test:3", "keywrods", "keywords")
        self.assertEqual(list(self.mails()), ["ada@example.test"])
        self.run_fails(DATA_ERROR, "subscriber", "show", "emmy@example.test", says=r"store:emmy@example\.test:3: keywrods")
        self.run_fails(DATA_ERROR, "subscriber", "list", says=r"store:emmy@example\.test:3")
        result = self.paperboy.run("check")
        self.assertIn("store:emmy@example.test:3", result.out + result.err)
        with sqlite3.connect(self.paperboy.store) as store:
            store.execute("UPDATE profiles SET document = ? WHERE address = 'emmy@example.test'",
                          ['{"email": "other@example.test"}'])
        self.run_fails(DATA_ERROR, "subscriber", "show", "emmy@example.test", says="holds the profile of other@example.test")

    def test_backup(self):
        self.use_examples()
        self.move_to_store()
        result = self.run_ok("backup", "--out", "copy")
        self.assert_says(result, "store with its profiles")
        self.assertFalse((self.folder / "copy/subscribers").exists())
        with sqlite3.connect(self.folder / "copy/paperboy.db") as copy:
            self.assertEqual(copy.execute("SELECT count(*) FROM profiles").fetchone(), (2,))


class Moving(InStore):
    def test_there_and_back(self):
        """Byte for byte, whatever the owner's layout was."""
        self.use_examples()
        self.paperboy.write("subscribers/odd@example.test.json", ODD)
        self.paperboy.write("subscribers/o%27hara@example.test.json", '\ufeff{ "email" : "o\'hara@example.test" }')
        before = self.files()
        self.assert_says(self.move_to_store(), "4 imported into the store")
        self.assert_says(self.move_to_store(), "0 imported.* 4 unchanged")
        self.run_ok("subscriber", "export", "--out", "there")
        self.assertEqual(self.files("there"), before)
        for path in (self.folder / "there").iterdir():
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.use_folder("back")
        self.run_ok("subscriber", "import", "there")
        self.assertEqual(self.files("back"), before)
        self.run_ok("run", "--feed", self.feed)
        self.assertEqual(sorted(self.mails()), ["ada@example.test", "emmy@example.test", "o'hara@example.test", "odd@example.test"])

    def test_lines(self):
        self.use_examples()
        self.paperboy.write("subscribers/odd@example.test.json", ODD)
        out = self.run_ok("subscriber", "export", "--json").out
        self.assertEqual(len(out.splitlines()), 3)
        self.assertIn('{"email":"odd@example.test","keywords":["LLM","training"],"max_papers":7}', out.splitlines())
        self.assertEqual(self.run_ok("subscriber", "export").out, out)
        self.use_store()
        lines = self.paperboy.write("people", out)
        self.assert_says(self.run_ok("subscriber", "import", lines), "3 imported")
        self.assertEqual(sorted(self.run_ok("subscriber", "export").lines(), key=str), sorted(map(json.loads, out.splitlines()), key=str))
        self.run_ok("subscriber", "remove", "odd@example.test")
        self.assert_says(self.run_ok("subscriber", "import", "-", input=out.encode()), "1 imported.* 2 unchanged")
        self.run_ok("subscriber", "import", self.paperboy.write("one", ODD), "--force")
        self.run_ok("subscriber", "export", "--out", "there")
        self.assertEqual((self.folder / "there/odd@example.test.json").read_text(), ODD)

    def test_nothing_is_overwritten(self):
        self.use_examples()
        self.move_to_store()
        self.paperboy.profile("ada@example.test", keywords=["other"])
        self.paperboy.profile("new@example.test")
        result = self.move_to_store(CANNOT_CREATE)
        self.assert_says(result, r"ada@example\.test\.json", "--force")
        self.assert_says(result, "1 imported.* 0 replaced, 1 unchanged, 1 refused")
        self.assertNotEqual(self.run_ok("subscriber", "show", "ada@example.test").document()["keywords"], ["other"])
        self.run_ok("subscriber", "import", "subscribers", "--force")
        self.assertEqual(self.run_ok("subscriber", "show", "ada@example.test").document()["keywords"], ["other"])
        self.paperboy.write("there/ada@example.test.json", "{}")
        result = self.run_fails(CANNOT_CREATE, "subscriber", "export", "--out", "there", says="is another; --force")
        self.assertEqual((self.folder / "there/ada@example.test.json").read_text(), "{}")
        self.run_ok("subscriber", "export", "--out", "there", "--force")
        self.assertEqual(self.files("there"), self.files())

    def test_broken_ones(self):
        self.use_examples()
        self.paperboy.write("subscribers/broken@example.test.json", '{\n  "email": "broken@example.test",\n  "x": 1\n}')
        self.paperboy.write("subscribers/wrong@example.test.json", '{"email": "right@example.test"}')
        result = self.move_to_store(DATA_ERROR)
        self.assert_says(result, r"broken@example\.test\.json:3", "x")
        self.assert_says(result, "must be named right@example.test.json")
        self.assert_says(result, "2 imported.* 2 broken")
        bad = self.paperboy.write("bad.jsonl", '{"email": "a@example.test"}\n{"email": \n{"email": "c@example.test"}\n')
        result = self.run_fails(DATA_ERROR, "subscriber", "import", bad, says=r"bad\.jsonl:2")
        self.assert_says(result, "2 imported.* 1 broken")
        self.use_folder()
        result = self.run_fails(DATA_ERROR, "subscriber", "export", "--out", "there", says=r"broken@example\.test\.json:3")
        self.assertEqual(self.files("there"), self.files(), "a broken one is a person's to mend, and not lost")

    def test_wrong_words(self):
        self.use_examples()
        lines = self.paperboy.write("x.jsonl", '{"email": "a@example.test"}\n')
        self.run_fails(USAGE, "subscriber", "import", lines, "b@example.test", says="b@example.test")
        self.run_fails(USAGE, "subscriber", "export", "--json", "--out", "x", says="choose one")
        self.run_fails((NO_INPUT, DATA_ERROR), "subscriber", "import", "nowhere", says="nowhere")

    def test_killed_while_importing(self):
        """What is there after kill -9 is whole, in the store and in a folder; the next import does the rest."""
        for number in range(400):
            self.paperboy.profile(f"p{number:03}@example.test", keywords=[f"word{n}" for n in range(40)])
        before = self.files()
        chance = random.Random(7)
        for place in ("store:", "other"):
            self.paperboy.write_configuration(subscribers=place)
            seen = set()
            for _ in range(12):
                process = self.paperboy.start("subscriber", "import", "subscribers")
                time.sleep(chance.random() * 0.08)
                process.send_signal(signal.SIGKILL)
                process.communicate()
                if place == "other" and not (self.folder / "other").exists():
                    continue
                self.run_ok("subscriber", "export", "--out", "now", "--force")
                now = self.files("now")
                self.assertTrue(all(before[name] == text for name, text in now.items()), "half a profile")
                seen.add(len(now))
            self.run_ok("subscriber", "import", "subscribers")
            self.run_ok("subscriber", "export", "--out", "now", "--force")
            self.assertEqual(self.files("now"), before)
            for path in (self.folder / "now").iterdir():
                path.unlink()


class Person(InStore):
    def test_what_is_known(self):
        self.use_examples()
        self.run_ok("run", "--feed", self.feed)
        self.run_ok("subscriber", "suppress", "ada@example.test", "--reason", "asked by telephone")
        for place in ("subscribers", "store:"):
            if place == "store:":
                self.move_to_store()
            known = self.run_ok("subscriber", "export", "Ada@example.test").document()
            self.assertEqual(known["address"], "ada@example.test")
            self.assertEqual(known["profile"]["name"], "Ada")
            self.assertEqual(known["first_edition"], "2026-02-17")
            self.assertEqual([(one["reason"], one["evidence"]) for one in known["suppressed"]], [("owner", "asked by telephone")])
            delivery, = known["deliveries"]
            self.assertEqual((delivery["kind"], delivery["slot"], delivery["state"]), ("digest", "2026-02-17", "sent"))
            self.assertEqual(delivery["editions"], ["2026-02-17"])
            self.assertTrue(delivery["papers"] and all(paper["id"].startswith("2602.") for paper in delivery["papers"]))
            self.assertNotIn("emmy", json.dumps(known))
            self.assertTrue(base64.b64decode(known["compiled_profile"]["base64"]))
            self.assertIsNone(known["refusals"])
        self.run_ok("subscriber", "export", "ada@example.test", "--out", "ada.json")
        self.assertEqual(json.loads((self.folder / "ada.json").read_text()), known)
        self.run_fails(NO_INPUT, "subscriber", "export", "nobody@example.test", says="nothing is known of nobody@example.test")

    def ask(self, *statement):
        store = sqlite3.connect(self.paperboy.store)
        try:
            rows = store.execute(*statement).fetchall()
            store.commit()
            return rows
        finally:
            store.close()

    def test_all_that_is_held_is_shown(self):
        """No row that names a person is left out, whichever tables there are; and erasing
        leaves none of them."""
        server = HostileSmtp({"rcpt": {"ada@example.test": "550 5.1.1 no such person"}})
        self.addCleanup(server.close)
        self.use_examples()
        self.use_store()
        self.run_ok("subscriber", "import", "subscribers")
        self.paperboy.write_configuration(delivery={"url": server.url(), "tls": "off"}, bounces={"hard": 5})
        self.run_ok("run", "--feed", self.feed)
        self.run_ok("subscriber", "suppress", "ada@example.test")
        self.ask("UPDATE dead_addresses SET refusals = 77")
        self.ask("INSERT INTO delivery_messages SELECT id, 'envelope@example.test', CAST('kept bytes' AS BLOB)"
                 " FROM deliveries WHERE subscriber = 'ada@example.test'")
        who = "ada@example.test"
        self.ask("INSERT INTO mail_intents VALUES ('h', ?, x'01', x'02', '{\"max_papers\": 7}', 1)", (who,))
        self.ask("INSERT INTO pending (id, kind, address, other, commands, created_utc, expires_utc, confirmed_utc,"
                 " other_confirmed_utc, done_utc, vouched) VALUES ('i', 'address', 'old@example.test', ?, 'address', 1, 2, NULL, 4, NULL, 0)", (who,))
        self.ask("INSERT INTO profile_history VALUES (?, 1, '{\"max_papers\": 3}', x'02', 86400)", (who,))
        self.ask("INSERT INTO bounces VALUES (?, 20000, 'soft', '452 4.2.2 full', 1)", (who,))
        self.ask("INSERT INTO moved_addresses VALUES ('old@example.test', ?, 1)", (who,))
        self.ask("INSERT INTO inbox_events (noted_utc, text) VALUES (1, ? || ' is not mailed any more')", (who,))
        holding = {}
        for table, in self.ask("SELECT name FROM sqlite_master WHERE type = 'table'"):
            for row in self.ask(f"SELECT * FROM {table}"):
                if any("ada@example.test" in str(value) for value in row):
                    holding[table] = row
        self.assertEqual(sorted(holding), [
            "bounces", "dead_addresses", "deliveries", "derived", "inbox_events", "mail_intents", "moved_addresses",
            "pending", "profile_history", "profiles", "subscribers", "suppressions"])
        known = self.run_ok("subscriber", "export", "ada@example.test").document()
        self.assertEqual(known["refusals"]["count"], 77)
        self.assertEqual(known["pending"], [{
            "kind": "address", "address": "old@example.test", "other": who, "commands": "address", "created": "1970-01-01T00:00:01Z",
            "expires": "1970-01-01T00:00:02Z", "confirmed": None, "other_confirmed": "1970-01-01T00:00:04Z", "done": None}])
        self.assertEqual(known["history"], [{"changed": "1970-01-02T00:00:00Z", "before": '{"max_papers": 3}'}])
        self.assertEqual(known["bounces"][0]["evidence"], "452 4.2.2 full")
        self.assertEqual(known["bounces"][0]["sent"], "2024-10-04T00:00:00Z")
        self.assertEqual(known["moves"][0]["from"], "old@example.test")
        self.assertEqual(known["changing"][0]["before"], '{"max_papers": 7}')
        self.assertEqual(known["deliveries"][0]["reason"], "userunknown")
        self.assertEqual(known["deliveries"][0]["envelope_sender"], "envelope@example.test")
        self.assertEqual(base64.b64decode(known["deliveries"][0]["message_base64"]), b"kept bytes")
        compiled, = self.ask("SELECT bytes FROM derived WHERE name = 'ada@example.test'")
        self.assertEqual(base64.b64decode(known["compiled_profile"]["base64"]), compiled[0])
        self.ask("DELETE FROM deliveries")
        for table in ("deliveries", "derived", "profiles", "subscribers", "suppressions"):
            self.ask(f"DELETE FROM {table}")
        # What is left is something, too.
        self.assertEqual(self.run_ok("subscriber", "export", "ada@example.test").document()["refusals"]["count"], 77)
        self.run_ok("subscriber", "erase", "ada@example.test")
        self.run_fails(NO_INPUT, "subscriber", "export", "ada@example.test", says="nothing is known")

    def test_an_address_too_long_for_a_file(self):
        """One that only the store can keep stops nobody else's export."""
        self.use_store()
        long = "!" * 50 + "@" + "b" * 60 + "." + "c" * 50 + ".test"
        for address in ("ada@example.test", long, "emmy@example.test"):
            self.run_ok("subscriber", "add", address, "--keywords", "LLM")
        result = self.run_fails(CANNOT_CREATE, "subscriber", "export", "--out", "there",
                                says=(long, "too long an address for the name of a file", "--json has it"))
        self.assert_says(result, "2 exported to there", "1 refused")
        self.assertEqual(sorted(self.files("there")), ["ada@example.test.json", "emmy@example.test.json"])
        self.assertIn(long, self.run_ok("subscriber", "export", "--json").out)


class Erase(InStore):
    def bytes_of_the_store(self):
        return b"".join(path.read_bytes() for path in self.folder.glob("paperboy.db*"))

    def leave_deleted_bytes(self):
        """What some program deleted without overwriting it."""
        store = sqlite3.connect(self.paperboy.store, isolation_level=None)
        store.execute("PRAGMA secure_delete = OFF")
        store.execute("INSERT INTO facts VALUES ('old', CAST(? AS BLOB))", ["ada@example.test told us " * 500])
        store.execute("DELETE FROM facts WHERE name = 'old'")
        store.close()

    def erase_and_look(self):
        self.leave_deleted_bytes()
        self.run_ok("subscriber", "suppress", "ada@example.test", "--reason", "ada@example.test told us")
        self.assertIn(b"ada@example.test", self.bytes_of_the_store())
        result = self.run_ok("subscriber", "erase", "ADA@example.test")
        self.assert_says(result, "ada@example.test is erased", "1 deliver")
        self.assertNotIn(b"ada@example", self.bytes_of_the_store(), "traces in the store")
        self.assertNotIn(b'"Ada"', self.bytes_of_the_store())
        self.assertIn(b"emmy@example.test", self.bytes_of_the_store(), "somebody else was erased too")
        self.run_ok("subscriber", "erase", "ada@example.test")
        self.run_fails(NO_INPUT, "subscriber", "export", "ada@example.test", says="nothing is known")
        with sqlite3.connect(self.paperboy.store) as store:
            (found, _), = store.execute("SELECT * FROM forgotten").fetchall()
        self.assertRegex(found, r"^[a-z2-7]{26}$")

    def come_back(self):
        """Not unasked; and once that is lifted as if new."""
        self.run_fails(CANNOT_CREATE, "subscriber", "add", "Ada@example.test", says=("ada@example.test", "erased", "unsuppress"))
        lines = self.paperboy.write("x.jsonl", '{"email": "ada@example.test", "keywords": ["LLM"]}\n')
        self.run_fails(CANNOT_CREATE, "subscriber", "import", lines, "--force", says=("ada@example.test", "erased"))
        self.run_ok("subscriber", "unsuppress", "ada@example.test")
        self.run_ok("subscriber", "import", lines)
        self.run_ok("run", "--feed", self.feed)
        self.assertEqual(len(self.paperboy.delivered()), 3)

    def test_from_a_folder(self):
        self.use_examples()
        self.run_ok("run", "--feed", self.feed)
        self.erase_and_look()
        self.assertEqual(list(self.files()), ["emmy@example.test.json"])
        # An owner who puts the file back by hand has not been asked either.
        self.paperboy.profile("ada@example.test", keywords=["LLM"])
        later = self.paperboy.write("later.xml", rss(papers(20, first=500), date="2026-02-18"))
        result = self.run_ok("run", "--feed", later)
        self.assert_says(result, "ada@example.test", "erased", "unsuppress")
        self.assertEqual(len(self.paperboy.delivered()), 3, "emmy alone")
        self.run_ok("run", "--feed", later, "--only", "ada@example.test")
        self.assertEqual(len(self.paperboy.delivered()), 3)
        self.assertNotIn(b"ada@example", self.bytes_of_the_store(), "traces by planning")
        self.run_ok("subscriber", "unsuppress", "ada@example.test")
        self.run_ok("run", "--feed", later)
        self.assertEqual(len(self.paperboy.delivered()), 4)

    def test_from_the_store(self):
        self.use_examples()
        self.move_to_store()
        self.run_ok("run", "--feed", self.feed)
        self.erase_and_look()
        self.come_back()

    def test_nothing_known(self):
        self.use_examples()
        self.run_fails(NO_INPUT, "subscriber", "erase", "nobody@example.test", says="nothing is known of nobody@example.test")

    def test_while_the_store_is_used(self):
        """What cannot be scrubbed now is said; the person is erased all the same."""
        self.use_examples()
        self.run_ok("run", "--feed", self.feed)
        reader = sqlite3.connect(self.paperboy.store, isolation_level=None)
        self.addCleanup(reader.close)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM deliveries").fetchone()
        result = self.paperboy.run("subscriber", "erase", "ada@example.test")
        if result.status != OK:
            self.assert_says(result, "run this again")
        reader.execute("COMMIT")
        self.run_ok("subscriber", "erase", "ada@example.test")
        self.assertNotIn(b"ada@example", self.bytes_of_the_store())


class Quiet(InStore):
    """A run that has nothing to do remembers it, and any change makes it look again."""

    def setUp(self):
        super().setUp()
        self.paperboy.profile("ada@example.test", keywords=["LLM", "training"])
        self.paperboy.profile("emmy@example.test", keywords=["network"])

    def was_remembered(self, *words):
        """Marks what is remembered, and sees whether the next run believes it."""
        with sqlite3.connect(self.paperboy.store) as store:
            row = store.execute("SELECT value FROM facts WHERE name = 'quiet'").fetchone()
            if row:
                key, numbers = row[0][:32], row[0][32:].split(b"\n", 1)[0].split(b" ")
                numbers[2] = b"777777"
                store.execute("UPDATE facts SET value = ? WHERE name = 'quiet'", [key + b" ".join(numbers) + b"\n"])
        result = self.run_ok("run", *words)
        return "777777 profiles" in result.err

    def become_quiet(self):
        self.run_ok("run", "--feed", self.feed)
        self.run_ok("run")
        self.assertTrue(self.was_remembered())

    def check_ends(self, change):
        self.become_quiet()
        change()
        self.assertFalse(self.was_remembered(), f"not seen: {change}")

    def change_profile(self):
        self.run_ok("subscriber", "pause", "emmy@example.test")

    def lift(self):
        """The suppression alone could only make less due; that it ends makes more."""
        self.run_ok("subscriber", "suppress", "ada@example.test")
        self.assertTrue(self.was_remembered())
        self.run_ok("subscriber", "unsuppress", "ada@example.test")

    def fetch(self):
        self.run_ok("fetch", "--feed", self.paperboy.write("later.xml", rss(papers(20, first=500), date="2026-02-18")))

    def test_store(self):
        self.move_to_store()
        for change in (self.change_profile, self.lift, self.fetch):
            self.check_ends(change)
        self.assertEqual(len(self.paperboy.delivered()), 3, "emmy is paused")
        self.become_quiet()
        self.run_ok("subscriber", "resume", "emmy@example.test")
        self.run_ok("run")
        self.assertEqual(len(self.paperboy.delivered()), 4)

    def test_folder(self):
        time.sleep(3)  # a file that was changed a moment ago is not trusted
        self.become_quiet()
        self.fetch()
        self.assertFalse(self.was_remembered())
        self.assertEqual(len(self.paperboy.delivered()), 4)
        self.become_quiet()
        path = self.paperboy.subscribers / "emmy@example.test.json"
        path.write_bytes(path.read_bytes().replace(b"network", b"netwerk"))
        self.assertFalse(self.was_remembered())

    def lease(self, path):
        """While another process has it so, opening a file without waiting fails, and nothing
        about the file changes."""
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        descriptor = os.open(path, os.O_RDWR)
        self.addCleanup(os.close, descriptor)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        return descriptor

    def test_what_cannot_be_read_just_now(self):
        """It is tried at the next run, and not when what is remembered has grown old."""
        time.sleep(3)  # a file that was changed a moment ago is not trusted
        lease = self.lease(self.paperboy.subscribers / "emmy@example.test.json")
        self.run_ok("run", "--feed", self.feed)
        result = self.run_ok("run")
        self.assert_says(result, "emmy@example.test.json", "unavailable")
        self.assertEqual(list(self.mails()), ["ada@example.test"])
        fcntl.fcntl(lease, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        self.run_ok("run")
        self.assertEqual(sorted(self.mails()), ["ada@example.test", "emmy@example.test"])

    def test_open_deliveries(self):
        """While a digest may still fail, nothing is remembered."""
        self.move_to_store()
        self.paperboy.write_configuration(delivery={"url": "smtp://127.0.0.1:9"})
        self.assertEqual(self.paperboy.run("run", "--feed", self.feed).status, 75)
        self.assertEqual(self.paperboy.run("run").status, 75)
        with sqlite3.connect(self.paperboy.store) as store:
            self.assertEqual(store.execute("SELECT count(*) FROM facts WHERE name = 'quiet'").fetchone(), (0,))

    def test_broken_ones_are_named_each_time(self):
        self.move_to_store()
        with sqlite3.connect(self.paperboy.store) as store:
            store.execute("UPDATE profiles SET document = '{' WHERE address = 'emmy@example.test'")
        self.run_ok("run", "--feed", self.feed)
        for _ in range(3):
            result = self.run_ok("run")
            self.assert_says(result, r"store:emmy@example\.test:1", "mended")
            self.assert_says(result, "2 profiles, 1 broken")

    def test_until_the_next_slot(self):
        """Remembered no longer than until somebody's time has come, or a pause is over."""
        self.move_to_store()
        self.run_ok("subscriber", "remove", "emmy@example.test")
        self.run_ok("run", "--feed", self.feed)
        soon = time.strftime("%H:%M", time.gmtime(time.time() + 2 * 3600))
        day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 2 * 3600))
        late = self.paperboy.write("late.jsonl", json.dumps({"email": "late@example.test", "keywords": ["LLM"],
                                                             "schedule": {"at": soon, "zone": "UTC"}}) + "\n")
        self.run_ok("subscriber", "import", late)
        self.run_ok("run", "--feed", self.feed)  # somebody new gets the latest at once
        self.run_ok("fetch", "--feed", self.paperboy.write("now.xml", rss(papers(20, first=500), date=day)), "--date", day)
        self.run_ok("run")
        self.run_ok("run")
        with sqlite3.connect(self.paperboy.store) as store:
            row = store.execute("SELECT value FROM facts WHERE name = 'quiet'").fetchone()
        since, until = map(int, row[0][32:].split(b" ")[:2])
        self.assertLessEqual(until - since, 2 * 3600)

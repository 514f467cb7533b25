"""Profiles, templates, the store and the disk when something is wrong with them."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from pathlib import Path

from feeds import papers, rss
from support import (CANNOT_CREATE, CONFIGURATION, DATA_ERROR, IO_ERROR, NO_INPUT, NO_PERMISSION, OK, PROGRAM, ROOT,
                     TEMPORARY, Case, Paperboy, needs_root)


class Profiles(Case):
    def setUp(self):
        super().setUp()
        self.feed = self.paperboy.write("day.xml", rss(papers(20)))

    BAD = (
        ("bad key", '{\n "email": "x@example.test",\n "keywrods": []\n}', (":3", "keywrods", "keywords")),
        ("double key", '{\n "email": "x@example.test",\n "name": "a",\n "name": "b"\n}', (":4", "name")),
        ("wrong type", '{\n "email": "x@example.test",\n "max_papers": "many"\n}', (":3", "max_papers")),
        ("out of range", '{\n "email": "x@example.test",\n "max_papers": 501\n}', (":3", "max_papers", "500")),
        ("weight", '{\n "email": "x@example.test",\n "keywords": [{"term": "a", "weight": 0}]\n}', (":3", "weight")),
        ("huge weight", '{\n "email": "x@example.test",\n "keywords": [{"term": "a", "weight": 1e308}]\n}', (":3", "weight", "100")),
        ("no email", '{\n "name": "x"\n}', ("email",)),
        ("line break in the address", '{\n "email": "a@b\\r\\nRCPT"\n}', (":2", "email")),
        ("path as address", '{\n "email": "../../x"\n}', (":2", "email")),
        ("two addresses", '{\n "email": "a@example.test,b@example.test"\n}', (":2", "email")),
        ("zone", '{\n "email": "x@example.test",\n "schedule": {"at": "07:30", "zone": "Mars/Olympus"}\n}', (":3", "Mars/Olympus")),
        ("hour", '{\n "email": "x@example.test",\n "schedule": {"at": "25:00"}\n}', (":3", "at")),
        ("cut off", '{\n "email": "x@example.test",\n "keywords": ["LLM"', (":[34]",)),
        ("not JSON", "email: x@example.test\n", (":1",)),
        ("not UTF-8", b'{\n "email": "x@example.test",\n "name": "\xff\xfe"\n}', ("UTF-8",)),
        ("empty", "", ("empty|:1",)),
        ("an array", "[]", (":1", "object")),
        ("keyword of 10 KB", '{\n "email": "x@example.test",\n "keywords": ["%s"]\n}' % ("a" * 10240), (":3", "200")),
        ("100,000 keywords", '{\n "email": "x@example.test",\n "keywords": [%s]\n}' % ",".join(['"a"'] * 100000), ("keywords", "1,?000")),
    )

    def test_each(self):
        """Named with file, line and key; the others get their mail."""
        self.paperboy.profile("ada@example.test", keywords=["LLM"])
        for name, text, says in self.BAD:
            with self.subTest(name):
                self.paperboy.write("subscribers/x@example.test.json", text)
                shutil.rmtree(self.paperboy.outbox, ignore_errors=True)
                for path in self.folder.glob("paperboy.db*"):
                    path.unlink()
                result = self.run_ok("run", "--feed", self.feed)
                self.assert_says(result, r"subscribers/x@example\.test\.json", *says)
                self.assert_few_lines(result, 8)
                self.assertEqual(list(self.mails()), ["ada@example.test"])
                if name == "zone":
                    continue  # ranking needs no clock
                result = self.run_fails(DATA_ERROR, "rank", "--papers", self.feed, "--profile",
                                        self.paperboy.subscribers / "x@example.test.json", says=says)
                self.assert_few_lines(result, 1)

    def test_name_and_address_differ(self):
        self.paperboy.write("subscribers/ada@example.test.json", '{"email": "emmy@example.test"}')
        result = self.run_ok("run", "--feed", self.feed)
        self.assert_says(result, r"ada@example\.test\.json", "emmy@example.test")
        self.assertEqual(self.paperboy.delivered(), [])

    def test_link_out_of_the_folder(self):
        outside = self.paperboy.write("outside.json", '{"email": "ada@example.test"}')
        (self.paperboy.subscribers / "ada@example.test.json").symlink_to(outside)
        result = self.run_ok("run", "--feed", self.feed)
        self.assert_says(result, r"ada@example\.test\.json", "link")
        self.assertEqual(self.paperboy.delivered(), [])

    def test_other_files_are_left_alone(self):
        self.paperboy.profile("ada@example.test", keywords=["LLM"])
        self.paperboy.write("subscribers/README.md", "# Who reads\n")
        self.paperboy.write("subscribers/.ada@example.test.json.swp", "x")
        self.paperboy.write("subscribers/profile.schema.json", "{}")
        result = self.run_ok("run", "--feed", self.feed)
        self.assertNotIn("README", result.err)
        self.assertEqual(list(self.mails()), ["ada@example.test"])

    def test_no_folder(self):
        shutil.rmtree(self.paperboy.subscribers)
        self.run_fails((CONFIGURATION, NO_INPUT), "run", "--feed", self.feed, says="subscribers")


class Templates(Case):
    def setUp(self):
        super().setUp()
        self.use_examples()
        self.feed = self.paperboy.write("day.xml", rss(papers(20)))
        shutil.copytree(ROOT / "templates", self.folder / "templates")
        self.paperboy.write_configuration(templates="templates")
        self.html = self.folder / "templates/digest.html"
        if not self.html.exists():
            self.html, = (self.folder / "templates").glob("digest.html*")

    def test_own_templates(self):
        self.html.write_text("<p>{{#papers}}<b>{{title}}</b>{{/papers}}</p>\n")
        result = self.run_ok("preview", "ada@example.test", "--html", "--papers", self.feed)
        self.assertIn("<p><b>", result.out)

    def test_does_not_parse(self):
        for name, text, says in (
            ("unclosed section", "<p>\n{{#papers}}\n</p>\n", (":2", "papers")),
            ("crossed", "{{#a}}\n{{#b}}\n{{/a}}\n{{/b}}\n", (":3", "b")),
            ("unclosed tag", "one\ntwo {{title\n", (":2",)),
            ("closing nothing", "\n\n{{/papers}}\n", (":3", "papers")),
            ("delimiters", "{{=<=}}\n", (":1",)),
        ):
            with self.subTest(name):
                self.html.write_text(text)
                says = (f"templates/{self.html.name}{says[0]}", *says[1:])
                for words in (("preview", "ada@example.test", "--html", "--papers", self.feed),
                              ("run", "--feed", self.feed)):
                    result = self.run_fails((CONFIGURATION, DATA_ERROR), *words, says=says)
                    self.assert_few_lines(result, 2)
                self.assertEqual(self.paperboy.delivered(), [])

    def test_nothing_is_lost(self):
        """The template mended, the next run sends what was due."""
        good = self.html.read_text()
        self.html.write_text("{{#papers}}")
        self.paperboy.run("run", "--feed", self.feed)
        self.html.write_text(good)
        self.run_ok("run", "--feed", self.feed)
        self.assertEqual(len(self.mails()), 2)

    def test_unknown_partial(self):
        self.html.write_text("<p>before{{>no-such-partial}}after</p>\n")
        result = self.run_fails(CONFIGURATION, "preview", "ada@example.test", "--html", "--papers", self.feed,
                                says=("no-such-partial", self.html.name.replace(".", r"\.") + ":1"))
        self.assert_few_lines(result, 1)

    def test_endless_partial(self):
        self.paperboy.write("t.mustache", "{{>t}}")
        context = self.paperboy.write("c.json", "{}")
        self.run_fails(DATA_ERROR, "render", "--template", self.folder / "t.mustache", "--context", context,
                       "--partials", self.folder, says="t|partial|deep")

    def test_none_there(self):
        shutil.rmtree(self.folder / "templates")
        self.run_fails((CONFIGURATION, NO_INPUT), "run", "--feed", self.feed, says="templates")


class Store(Case):
    def setUp(self):
        super().setUp()
        self.use_examples()
        self.feed = self.paperboy.write("day.xml", rss(papers(20)))

    def test_not_a_database(self):
        for content in (b"This is a letter to my aunt.\n" * 400, b"\xa5" * 8192):
            self.paperboy.store.write_bytes(content)
            for command in (("run", "--feed", self.feed), ("status",)):
                result = self.run_fails((CONFIGURATION, DATA_ERROR), *command, says=(r"paperboy\.db", "database|SQLite|store"))
                self.assert_few_lines(result, 2)
            self.assertEqual(self.paperboy.store.read_bytes(), content, "somebody's file was written to")
        self.assertEqual(self.paperboy.delivered(), [])

    def test_somebody_elses_database(self):
        with sqlite3.connect(self.paperboy.store) as other:
            other.execute("create table recipes (name text)")
        self.run_fails((CONFIGURATION, DATA_ERROR), "run", "--feed", self.feed, says=r"paperboy\.db")
        with sqlite3.connect(self.paperboy.store) as other:
            self.assertEqual(other.execute("select name from sqlite_master").fetchall(), [("recipes",)])

    def test_newer_schema(self):
        self.run_ok("run", "--feed", self.feed)
        database = sqlite3.connect(self.paperboy.store)
        version, = database.execute("pragma user_version").fetchone()
        self.assertGreater(version, 0)
        database.execute(f"pragma user_version = {version + 1}")
        database.close()
        before = self.paperboy.store.read_bytes()
        self.run_fails((CONFIGURATION, DATA_ERROR), "status", says=(r"paperboy\.db", "newer"))
        self.run_fails((CONFIGURATION, DATA_ERROR), "run", "--feed", self.feed, says=(r"paperboy\.db", "newer"))
        self.assertEqual(self.paperboy.store.read_bytes(), before)

    def test_damaged(self):
        self.run_ok("run", "--feed", self.feed)
        raw = bytearray(self.paperboy.store.read_bytes())
        for at in range(4096, len(raw), 4096):
            raw[at:at + 512] = b"\xff" * 512
        self.paperboy.store.write_bytes(raw)
        for path in self.folder.glob("paperboy.db-*"):
            path.unlink()
        result = self.paperboy.run("status")
        self.assertNotEqual(result.status, OK)
        self.assert_says(result, r"paperboy\.db|store")

    def test_locked(self):
        """Another process holds it for longer than anybody waits."""
        self.run_ok("status")
        holder = sqlite3.connect(self.paperboy.store, isolation_level=None)
        self.addCleanup(holder.close)
        holder.execute("begin exclusive")
        result = self.run_fails(TEMPORARY, "run", "--feed", self.feed, says=("lock|busy", r"paperboy\.db|store"), seconds=120)
        self.assert_few_lines(result, 3)
        self.assertEqual(self.paperboy.delivered(), [])
        holder.execute("rollback")
        self.run_ok("run", "--feed", self.feed)
        self.assertEqual(len(self.mails()), 2)

    def test_folder_is_missing(self):
        self.paperboy.write_configuration(store="sqlite:no/such/folder/paperboy.db")
        self.run_fails((NO_INPUT, CANNOT_CREATE, CONFIGURATION), "status", says="no/such/folder")


class Killed(Case):
    def test_kill_anywhere(self):
        """A killed run loses nothing, and what was left is sent by the next one."""
        for number in range(60):
            self.paperboy.profile(f"p{number}@example.test", keywords=["LLM", "training"])
        feed = self.paperboy.write("day.xml", rss(papers(30)))
        kills = 0
        for delay in (0.02, 0.05, 0.1, 0.2, 0.3, 0.5):
            process = self.paperboy.start("run", "--feed", str(feed))
            try:
                process.wait(delay)
            except subprocess.TimeoutExpired:
                process.kill()
                kills += 1
            process.communicate()
            self.end_leases()
        self.run_ok("run", "--feed", feed)
        self.assertEqual(self.paperboy.status()["deliveries"]["sent"], 60)
        arrived = [self.read_mail(raw)["To"].addresses[0].addr_spec for raw in self.paperboy.delivered()]
        self.assertEqual(len(set(arrived)), 60)
        # One message can be under way when the kill comes, and is then sent again.
        self.assertLessEqual(len(arrived), 60 + kills)

    def end_leases(self):
        """What a killed worker had in hand is free again after five minutes: they are over now."""
        if self.paperboy.store.exists():
            store = sqlite3.connect(self.paperboy.store)
            if store.execute("select 1 from sqlite_master where name = 'deliveries'").fetchone():
                store.execute("update deliveries set lease_until_utc = 1 where lease_until_utc is not null")
                store.execute("update deliveries set not_before_utc = 1 where state = 'uncertain'")
                store.commit()
            store.close()


class Disk(Case):
    """A full disk and missing permissions."""

    def setUp(self):
        super().setUp()
        self.use_examples()
        self.feed = self.paperboy.write("day.xml", rss(papers(200)))

    def small_disk(self, name, size):
        if os.geteuid() != 0:
            self.skipTest("a full disk: only root can mount a small one")
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True)
        if done.returncode != 0:
            self.skipTest(f"a full disk: mount says {done.stderr.decode().strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", folder])
        return folder

    def test_store(self):
        disk = self.small_disk("disk", "200k")
        self.paperboy.write_configuration(store="sqlite:disk/paperboy.db")
        result = self.run_fails((TEMPORARY, IO_ERROR), "run", "--feed", self.feed, says="full|space")
        self.assert_few_lines(result, 4)
        self.assertEqual(self.paperboy.delivered(), [])
        subprocess.run(["mount", "-o", "remount,size=20m", disk], check=True)
        self.run_ok("run", "--feed", self.feed)
        self.assertEqual(len(self.mails()), 2)

    def test_outbox(self):
        disk = self.small_disk("disk", "8k")
        self.paperboy.write_configuration(delivery={"url": "maildir:disk/box"})
        self.run_fails((TEMPORARY, IO_ERROR), "run", "--feed", self.feed, says="full|space")
        self.assertEqual([raw for raw in self.paperboy.delivered(disk / "box")], [], "half a message")
        subprocess.run(["mount", "-o", "remount,size=20m", disk], check=True)
        for path in (disk / "box/tmp").glob("*"):
            self.fail(f"left behind: {path.name}")
        # The deliveries are deferred for some minutes; the folder is whole again.
        counts = self.paperboy.status()["deliveries"]
        self.assertEqual(counts.get("queued", 0) + counts.get("deferred", 0), 2)

    def test_out_file(self):
        disk = self.small_disk("disk", "4k")
        out = disk / "digest.html"
        result = self.paperboy.run("preview", "ada@example.test", "--html", "--papers", self.feed, "--out", out)
        self.assertIn(result.status, (TEMPORARY, IO_ERROR, CANNOT_CREATE), str(result))
        self.assert_says(result, "space|full")
        self.assertEqual(list(disk.iterdir()), [], "half a file")

    def test_profile_is_written_whole_or_not_at_all(self):
        disk = self.small_disk("disk", "16k")
        self.paperboy.write_configuration(subscribers="disk")
        keywords = ["word" * 40] * 200
        self.paperboy.write("bot.json", '{"keywords": %s, "categories": ["cs.LG"]}' % str(keywords).replace("'", '"'))
        (disk / "filler").write_bytes(b"x" * 12000)
        result = self.paperboy.run("subscriber", "import", "bot.json", "--address", "bot@example.test")
        self.assertNotEqual(result.status, OK)
        self.assert_says(result, "space|full")
        self.assertEqual([path.name for path in disk.iterdir() if path.name.endswith(".json")], [])

    @needs_root("running as another user")
    def test_permissions(self):
        home = Path(tempfile.mkdtemp(prefix="e2e-"))
        self.addCleanup(shutil.rmtree, home)
        program = home / "paperboy"
        shutil.copy(PROGRAM, program)
        nobody = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        for path in (home, program):
            path.chmod(0o755)
        site = Paperboy(home, program=str(program))
        shutil.copytree(ROOT / "templates", home / "templates")
        site.write_configuration(templates="templates")
        site.profile("ada@example.test", keywords=["LLM"])
        feed = site.write("day.xml", rss(papers(20)))
        # The folder belongs to root: no store, no outbox can be made.
        result = site.run("run", "--feed", feed, **nobody)
        self.assertIn(result.status, (NO_PERMISSION, CANNOT_CREATE, CONFIGURATION), str(result))
        self.assert_says(result, "permission", "paperboy")
        for path, says in ((feed, "day.xml"), (home / "paperboy.json", "paperboy.json"), (site.subscribers, "subscribers")):
            mode = path.stat().st_mode & 0o777
            path.chmod(0)
            result = site.run("rank", "--papers", feed, "--json", **nobody)
            path.chmod(mode)
            self.assertNotEqual(result.status, OK, str(result))
            self.assert_says(result, "permission", says)

    def test_secrets_are_private(self):
        self.run_ok("run", "--feed", self.feed)
        for path in [self.paperboy.store, *self.folder.glob("paperboy.key"), *(self.paperboy.outbox / "new").iterdir()]:
            self.assertEqual(path.stat().st_mode & 0o077, 0, f"{path.name} can be read by others")

"""Scripts, units, manual pages, examples and the installed tree."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import tree


def run(*argv, **options):
    return subprocess.run([str(word) for word in argv], cwd=tree.ROOT, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=120, **options)


class TemporaryFolder(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="checks-"))
        self.addCleanup(shutil.rmtree, self.folder)


class Scripts(unittest.TestCase):
    def scripts(self):
        return [path for path in tree.files() if path.endswith(".sh") or path == ".ci/run"]

    def test_parse(self):
        for path in self.scripts():
            shell = "bash" if "bash" in tree.read(path).splitlines()[0] else "sh"
            done = run(shell, "-n", path)
            self.assertEqual((done.returncode, done.stderr), (0, ""), path)

    def test_shellcheck(self):
        done = run("shellcheck", *self.scripts())
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_python_compiles(self):
        for path in tree.files("tests"):
            if path.endswith(".py"):
                compile(tree.read(path), path, "exec")

    def test_installing_nothing_says_nothing(self):
        if shutil.which("dpkg-query") is None:
            self.skipTest("no dpkg here")
        done = run("sh", "tests/packages.sh", "a test", "dpkg", "apt")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_ci_passes_on_what_make_said(self):
        folder = Path(tempfile.mkdtemp(prefix="checks-"))
        self.addCleanup(shutil.rmtree, folder)
        make = folder / "make"
        make.write_text('#!/bin/sh\necho "$* CI=$CI"\ncat\nexit 7\n')
        make.chmod(0o755)
        env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "CI": "true"}
        done = run("bash", ".ci/run", env=env)
        self.assertEqual((done.returncode, done.stdout), (7, "test CI=true\n"))


class Units(TemporaryFolder):
    def setUp(self):
        super().setUp()
        self.units = []
        for name in ("paperboy.service", "paperboy.timer", "paperboy-inbox.service", "paperboy-web.service",
                     "paperboy-web.socket"):
            # systemd looks whether the program is there; on this machine it need not be.
            text = tree.read(f"systemd/{name}").replace("/usr/bin/paperboy", "/bin/true")
            (self.folder / name).write_text(text)
            self.units.append(self.folder / name)

    def test_verify(self):
        done = run("systemd-analyze", "verify", "--man=no", *self.units)
        self.assertEqual((done.returncode, done.stderr), (0, ""), "systemd-analyze verify")

    def test_verify_would_object(self):
        with open(self.units[0], "a", encoding="utf-8") as unit:
            unit.write("[Service]\nProtectEverything=yes\n")
        done = run("systemd-analyze", "verify", "--man=no", *self.units)
        self.assertIn("ProtectEverything", done.stderr)

    def test_exposure(self):
        for unit in (self.units[0], self.units[2], self.units[3]):
            done = run("systemd-analyze", "security", "--offline=yes", "--threshold=15", "--no-pager", unit)
            self.assertEqual(done.returncode, 0, done.stdout[-400:] + done.stderr)

    def test_timer_hits_midnight_in_new_york(self):
        times = re.findall(r"^OnCalendar=(.+)$", tree.read("systemd/paperboy.timer"), re.M)
        self.assertEqual(len(times), 1)
        for base, first in (("2026-07-01 03:55:00 UTC", "04:05:00 UTC"), ("2026-12-01 04:55:00 UTC", "05:05:00 UTC")):
            done = run("systemd-analyze", "calendar", "--iterations=2", f"--base-time={base}", times[0],
                       env={**os.environ, "TZ": "UTC"})
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(first, done.stdout)
            self.assertIn(first.replace(":05:", ":20:"), done.stdout)

    def test_sysusers_and_tmpfiles(self):
        if os.geteuid() != 0:
            self.skipTest("only root can make users and give folders away, even in a folder")
        root = self.folder / "root"
        for kind in ("sysusers", "tmpfiles"):
            (root / f"usr/lib/{kind}.d").mkdir(parents=True)
            shutil.copy(tree.ROOT / f"systemd/paperboy.{kind}", root / f"usr/lib/{kind}.d/paperboy.conf")
        (root / "etc").mkdir()
        done = run("systemd-sysusers", f"--root={root}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("paperboy:", (root / "etc/passwd").read_text())
        done = run("systemd-tmpfiles", f"--root={root}", "--create")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual((root / "var/lib/paperboy").stat().st_mode & 0o777, 0o700)
        self.assertEqual((root / "etc/paperboy").stat().st_mode & 0o777, 0o750)


class Manual(unittest.TestCase):
    def test_lint(self):
        pages = [path for path in tree.files("man") if re.search(r"\.\d$", path)]
        self.assertIn("man/paperboy.1", pages)
        for page in pages:
            done = run("mandoc", "-T", "lint", "-W", "warning", page)
            self.assertEqual((done.returncode, done.stdout), (0, ""), page)

    def test_names_every_command_and_option(self):
        shown = run("mandoc", "-T", "ascii", "man/paperboy.1").stdout
        plain = re.sub(r".\x08", "", shown)
        commands = {}
        for path in tree.sources("src/commands"):
            text = tree.read(path)
            for command in re.findall(r'^\s*\.name = "([a-z]+)",', text, re.M):
                commands[command] = re.findall(r'\{"(--[a-z-]+)", OPTION_', text)
        self.assertIn("run", commands, "the table of commands was not found")
        for command, options in commands.items():
            self.assertRegex(plain, rf"(?m)^\s+{command}\b", f"paperboy.1 does not explain {command}")
            for option in options:
                self.assertIn(option, plain, f"paperboy.1 does not explain {command} {option}")


class Examples(unittest.TestCase):
    def test_json_is_json(self):
        for path in tree.files():
            if path.endswith(".json") and not path.startswith("tests/"):
                json.loads(tree.read(path))


class Installed(TemporaryFolder):
    """make install into a folder and make uninstall from it, with an empty program."""

    def make(self, *words):
        build = self.folder / "build"
        build.mkdir(exist_ok=True)
        program = build / "paperboy"
        program.write_text("#!/bin/sh\n")
        # -o: the program is not built for this; -W is not what we want.
        done = run("make", "--no-print-directory", "-o", "all", f"BUILD={build}", f"DESTDIR={self.folder}/root", *words)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def tree(self):
        root = self.folder / "root"
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())

    def test_usr_local(self):
        self.make("install")
        files = self.tree()
        for name in ("bin/paperboy", "share/man/man1/paperboy.1", "share/man/man5/paperboy.json.5",
                     "share/paperboy/examples/paperboy.json", "share/doc/paperboy/README.md",
                     "share/doc/paperboy/LICENSE", "lib/systemd/system/paperboy.service",
                     "lib/systemd/system/paperboy.timer", "lib/systemd/system/paperboy-inbox.service",
                     "lib/systemd/system/paperboy-web.service", "lib/systemd/system/paperboy-web.socket",
                     "lib/sysusers.d/paperboy.conf", "lib/tmpfiles.d/paperboy.conf"):
            self.assertIn(f"usr/local/{name}", files)
        templates = [path for path in tree.files("templates")]
        self.assertTrue(templates)
        for path in templates:
            self.assertIn(f"usr/local/share/paperboy/{path}", files)
        unit = (self.folder / "root/usr/local/lib/systemd/system/paperboy.service").read_text()
        self.assertIn("ExecStart=/usr/local/bin/paperboy run", unit)
        self.assertNotIn("/usr/bin/paperboy", unit)
        self.make("uninstall")
        self.assertEqual(self.tree(), [])

    def test_usr(self):
        self.make("install", "PREFIX=/usr")
        files = self.tree()
        for name in ("usr/bin/paperboy", "lib/systemd/system/paperboy.timer", "usr/lib/sysusers.d/paperboy.conf"):
            self.assertIn(name, files)
        self.make("uninstall", "PREFIX=/usr")
        self.assertEqual(self.tree(), [])


if __name__ == "__main__":
    unittest.main()

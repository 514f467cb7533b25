"""How the tree must look: layers, sizes, names, words, and the page that lists src."""

import re
import unittest

import tree

# DESIGN: a folder may include those of a lower level, and of its own level
# those that stand before it here.
LEVELS = [["base"], ["papers", "subscribers"], ["ranking", "store", "mail"], ["digest", "delivery"],
          ["inbox", "web", "summaries"], ["commands"]]
# What a level would allow and the design does not.
NEVER = {"delivery": {"papers", "subscribers", "ranking", "mail", "digest"}, "mail": {"ranking", "store"},
         "ranking": {"mail"}, "store": {"ranking", "mail"}}
BANNED = ("strcpy", "strcat", "sprintf", "vsprintf", "strtok", "atoi", "gets")
TOP_LEVEL = {"src", "templates", "subscribers", "tests", "systemd", "man", "Makefile", "README.md", "LICENSE",
             ".ci", ".gitignore", ".clang-format", ".editorconfig"}


def place_of(folder):
    """(level, place within it), or None for a folder that the design does not know."""
    for level, names in enumerate(LEVELS):
        if folder in names:
            return level, names.index(folder)
    return None


def may_include(folder, other):
    if folder == other:
        return True
    if other in NEVER.get(folder, ()):
        return False
    return place_of(other) < place_of(folder)


class Layers(unittest.TestCase):
    def test_rule(self):
        for folder, other, allowed in (("commands", "base", True), ("ranking", "mail", False), ("base", "papers", False),
                                       ("subscribers", "papers", True), ("papers", "subscribers", False),
                                       ("delivery", "store", True), ("delivery", "papers", False),
                                       ("digest", "ranking", True), ("store", "papers", True)):
            self.assertEqual(may_include(folder, other), allowed, f"{folder} includes {other}")

    def test_includes_go_one_way(self):
        wrong = []
        for path in tree.sources("src"):
            folder = path.split("/")[1] if path.count("/") > 1 else "commands"
            if place_of(folder) is None:
                wrong.append(f"{path}: the folder src/{folder} has no level")
                continue
            for number, line in enumerate(tree.read(path).splitlines(), 1):
                match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
                if match is None or "/" not in match.group(1):
                    continue
                other = match.group(1).split("/")[0]
                if place_of(other) is not None and not may_include(folder, other):
                    wrong.append(f"{path}:{number}: {folder} must not include {other}")
        self.assertEqual(wrong, [])

    def test_includes_name_their_folder(self):
        wrong = []
        for path in tree.sources("src"):
            for number, line in enumerate(tree.read(path).splitlines(), 1):
                match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
                if match and "/" not in match.group(1) and not match.group(1).endswith(".inc"):
                    wrong.append(f"{path}:{number}: {match.group(1)} without its folder")
                elif match and not match.group(1).endswith(".inc") and not (tree.ROOT / "src" / match.group(1)).exists():
                    wrong.append(f"{path}:{number}: {match.group(1)} is not there")
        self.assertEqual(wrong, [])

    def test_only_commands_log_and_exit(self):
        wrong = []
        for path in tree.sources("src"):
            if path.startswith("src/commands/") or path == "src/main.c" or path.startswith("src/base/log."):
                continue
            code = tree.without_comments_and_strings(tree.read(path))
            for number, line in enumerate(code.splitlines(), 1):
                if re.search(r"\b(exit|_exit|log_line|log_progress|fprintf\s*\(\s*stderr|perror)\s*\(", line):
                    # memory.c is the one place that aborts, the others have a child process to end.
                    if path not in ("src/base/memory.c", "src/inbox/cell.c", "src/summaries/pdf_text.c"):
                        wrong.append(f"{path}:{number}: {line.strip()}")
        self.assertEqual(wrong, [])


class Sources(unittest.TestCase):
    def test_banned_calls(self):
        pattern = re.compile(r"\b(" + "|".join(BANNED) + r")\s*\(")
        wrong = []
        for path in tree.sources("src", "tests"):
            code = tree.without_comments_and_strings(tree.read(path))
            for number, line in enumerate(code.splitlines(), 1):
                if pattern.search(line):
                    wrong.append(f"{path}:{number}: {line.strip()}")
        self.assertEqual(wrong, [])

    def test_sizes(self):
        wrong = []
        for path in tree.sources("src", "tests"):
            lines = tree.read(path).splitlines()
            if len(lines) > 600:
                wrong.append(f"{path}: {len(lines)} lines are two ideas")
            start = None
            for number, line in enumerate(lines if path.startswith("src/") else (), 1):
                if re.match(r"[a-z].*\)\s*$", line) or re.match(r"[a-z].*\)\s*\{", line):
                    start = number
                if line.startswith("}") and start:
                    if number - start > 100:
                        wrong.append(f"{path}:{start}: a function of {number - start} lines")
                    start = None
        self.assertEqual(wrong, [])

    def test_headers_are_guarded(self):
        wrong = []
        for path in tree.sources("src"):
            if path.endswith(".h"):
                guard = re.sub(r"[^A-Z0-9]", "_", path.removeprefix("src/").upper())
                text = tree.read(path)
                if f"#ifndef {guard}\n#define {guard}\n" not in text or not text.startswith("/*"):
                    wrong.append(f"{path}: begins with its contract, then #ifndef {guard}")
        self.assertEqual(wrong, [])

    def test_ranking_version_covers_what_compiling_reads(self):
        """Profiles compiled before any of it changed must not be taken for those of now."""
        patterns = re.search(r"^RANKING_SOURCES := .*?wildcard ([^)]*)\)", tree.read("Makefile"), re.M).group(1)
        covered = {str(path.relative_to(tree.ROOT)) for pattern in patterns.split() for path in tree.ROOT.glob(pattern)}
        wanted = set(tree.sources("src/ranking"))
        for path in tree.sources("src/ranking"):
            for name in re.findall(r'#include "((?:papers|subscribers)/\w+)\.h"', tree.read(path)):
                if name != "papers/paper":  # what papers are, not how a profile is read
                    wanted.update(other for other in tree.sources("src") if other.startswith(f"src/{name}"))
        self.assertGreater(len(wanted), 40)
        self.assertEqual(sorted(wanted - covered), [])


class Words(unittest.TestCase):
    def test_no_promises(self):
        pattern = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|\bnot (yet )?implemented\b|\bst" + r"ub\b")
        self.assertEqual(self._lines(pattern, ("src", "templates", "systemd", "man", "subscribers")), [])

    def test_no_paths_of_a_machine(self):
        words = ("/wo" + "rk/", "/fa" + "rm/", "/tmp/ba" + "sh_jobs", "/ho" + "me/", "/ro" + "ot/")
        self.assertEqual(self._lines(re.compile("|".join(words)), (".",)), [])

    def test_no_conflicts_left(self):
        self.assertEqual(self._lines(re.compile(r"^(<{7} |={7}$|>{7} )"), (".",)), [])

    def _lines(self, pattern, folders):
        found = []
        for folder in folders:
            for path in tree.files(folder):
                try:
                    text = tree.read(path)
                except UnicodeDecodeError:
                    continue  # fuzz seeds are any bytes
                for number, line in enumerate(text.splitlines(), 1):
                    if pattern.search(line):
                        found.append(f"{path}:{number}: {line.strip()[:120]}")
        return found

    def test_top_level(self):
        found = {path.split("/")[0] for path in tree.files()}
        self.assertEqual(sorted(found - TOP_LEVEL), [])
        self.assertEqual(sorted({"src", "tests", "Makefile", "README.md", "LICENSE", ".ci"} - found), [])

    def test_readme_opens_with_the_two_commands(self):
        head = "\n".join(tree.read("README.md").splitlines()[:25])
        self.assertIn("make demo", head)
        self.assertIn("make test", head)


class SourcePage(unittest.TestCase):
    """src/README.md: a list of every file, "- `path`: what it is"; `a/b.[ch]` names two."""

    def listed(self):
        rows = []
        for number, line in enumerate(tree.read("src/README.md").splitlines(), 1):
            match = re.match(r"\s*- `([^`]+)`(: .+)?", line)
            if match is None:
                continue
            self.assertTrue(match.group(2), f"src/README.md:{number}: {match.group(1)} is not explained")
            name = match.group(1)
            pair = re.fullmatch(r"(.*)\.\[(\w+)\]", name)
            names = [f"{pair.group(1)}.{letter}" for letter in pair.group(2)] if pair else [name]
            rows += [(number, one) for one in names]
        return rows

    def test_names_every_file_once(self):
        rows = self.listed()
        files = [name for _, name in rows if not name.endswith("/")]
        there = [path.removeprefix("src/") for path in tree.files("src") if path != "src/README.md"]
        self.assertEqual(sorted(set(there) - set(files)), [], "files that src/README.md does not name")
        self.assertEqual(sorted(set(files) - set(there)), [], "src/README.md names what is not there")
        doubles = sorted({name for name in files if files.count(name) > 1})
        self.assertEqual(doubles, [], "src/README.md names these more than once")

    def test_is_in_the_order_of_the_data(self):
        order = [name for level in LEVELS for name in level]
        seen = []
        for number, name in self.listed():
            folder = name.split("/")[0] if "/" in name else "commands"
            if folder not in seen:
                seen.append(folder)
        places = [order.index(folder) for folder in seen]
        levels = [place_of(folder)[0] for folder in seen]
        self.assertEqual(levels, sorted(levels), f"folders stand in the order {seen}")
        self.assertEqual(len(places), len(set(places)))


if __name__ == "__main__":
    unittest.main()

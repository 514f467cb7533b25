"""Days at arXiv under a virtual clock: runs at given moments, mails told apart by
when they came, and an OAI-PMH service that knows what was announced."""

import os
import re
import shutil
import unittest
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from feeds import Answer, Arxiv, good, paper
from support import OK, Case, text_of

NEW_YORK = ZoneInfo("America/New_York")
LIBRARY = max(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), default=None)
PAPER_ID = re.compile(r"^\s+https://arxiv\.org/abs/(\S+)$", re.M)


def at(date, clock="00:06"):
    """A moment in New York, in UTC."""
    moment = datetime.fromisoformat(f"{date}T{clock}:00").replace(tzinfo=NEW_YORK)
    return moment.astimezone(timezone.utc)


def batch(day, first, count, categories=("cs.LG",), **keys):
    return [paper(number, day=day, categories=categories, title=f"A study of caches, number {number}", **keys)
            for number in range(first, first + count)]


def busy(status, seconds):
    return Answer("Rate exceeded.", status=status, content_type="text/plain", headers={"Retry-After": str(seconds)})


def submitted(date):
    """When what is announced under this date came in: at ten on the weekday before."""
    day = datetime.fromisoformat(f"{date}T10:00:00") - timedelta(days=1)
    while day.weekday() > 4:
        day -= timedelta(days=1)
    return day.strftime("%a, %d %b %Y %H:%M:%S GMT")


def record(item, versions, datestamp="2026-06-18"):
    """An arXivRaw record of a paper with these submission dates."""
    parts = "".join(f'<version version="v{index}"><date>{date}</date><size>9kb</size></version>'
                    for index, date in enumerate(versions, 1))
    return (f"<record><header><identifier>oai:arXiv.org:{item['id']}</identifier><datestamp>{datestamp}</datestamp>"
            f'<setSpec>cs:cs:LG</setSpec></header><metadata><arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/">'
            f"<id>{item['id']}</id><submitter>A</submitter>{parts}<title>{item['title']}</title>"
            f"<authors>Ada Example</authors><categories>{' '.join(item['categories'])}</categories>"
            "<abstract>Patience.</abstract></arXivRaw></metadata></record>")


def deleted(number):
    return (f'<record><header status="deleted"><identifier>oai:arXiv.org:2606.{number:05}</identifier>'
            "<datestamp>2026-06-18</datestamp></header></record>")


def oai_document(inside):
    return Answer('<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
                  "<responseDate>2026-06-19T12:00:00Z</responseDate>"
                  f'<request verb="ListRecords">http://x/oai</request>{inside}</OAI-PMH>')


def oai_error(code, words="as it is"):
    return oai_document(f'<error code="{code}">{words}</error>')


def oai_page(records, token=None):
    more = f"<resumptionToken>{token}</resumptionToken>" if token else ""
    return oai_document(f"<ListRecords>{''.join(records)}{more}</ListRecords>")


class Oai:
    """Lists what was announced, of the set that is asked for, some records a page.
    `instead`, when it is set, is what every request gets."""

    def __init__(self):
        self.records = []  # (categories, record)
        self.page_records = 1000
        self.instead = None

    def announce(self, items, date):
        self.records += [(item["categories"], record(item, [submitted(date)])) for item in items]

    def add(self, *records):
        self.records += [(["cs.LG"], text) for text in records]

    def answer(self, path):
        if self.instead:
            return self.instead(path) if callable(self.instead) else self.instead
        query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        category, _, start = query.get("resumptionToken", f"{query.get('set', '').split(':', 1)[-1]}|0").partition("|")
        category = category.replace(":", ".")
        records = [text for categories, text in self.records if category in categories][int(start):]
        if not records:
            return oai_error("noRecordsMatch")
        page, rest = records[:self.page_records], records[self.page_records:]
        return oai_page(page, f"{category}|{int(start) + len(page)}" if rest else None)


def clock_of(moment):
    """An environment in which it is this time, for processes that are killed."""
    options = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0")))
    return {"LD_PRELOAD": str(LIBRARY), "FAKETIME": f"@{moment:%Y-%m-%d %H:%M:%S}", "TZ": "UTC",
            "ASAN_OPTIONS": options}


class MovableClock:
    """A clock that is set while processes run: the time of day alone, as a person or a
    correction sets it; what is measured from some start goes on."""

    def __init__(self, path, moment):
        self.path = Path(path)
        self.offset = moment - datetime.now(timezone.utc)
        self._write()

    def move(self, **delta):
        self.offset += timedelta(**delta)
        self._write()

    @property
    def now(self):
        return datetime.now(timezone.utc) + self.offset

    def _write(self):
        # Renamed: a half-written one would be another time.
        new = self.path.with_suffix(".new")
        new.write_text(f"{self.offset.total_seconds():+.0f}\n")
        new.rename(self.path)

    def environment(self):
        forget_old_clocks()
        options = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0")))
        return {"LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(self.path), "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC", "ASAN_OPTIONS": options}


def forget_clock(process):
    """What faketime leaves behind in memory when its process is killed."""
    for name in (f"faketime_shm_{process.pid}", f"sem.faketime_sem_{process.pid}"):
        Path("/dev/shm", name).unlink(missing_ok=True)


def forget_old_clocks():
    """The same of processes that nobody forgot: faketime refuses to start under a number that
    such a one had."""
    for path in Path("/dev/shm").glob("*faketime_*_*"):
        number = path.name.rpartition("_")[2]
        if number.isdigit() and not Path("/proc", number).exists():
            path.unlink(missing_ok=True)


def needs_clock(test):
    return unittest.skipUnless(LIBRARY, "faketime is not installed")(test)


@unittest.skipUnless(shutil.which("faketime"), "faketime is not installed")
class VirtualWeek(Case):
    def setUp(self):
        super().setUp()
        self.answer = good([])
        self.oai = Oai()
        self.arxiv = Arxiv(rss=lambda _: self.answer, oai=lambda _: self.oai.answer(self.arxiv.requests[-1][0]))
        self.addCleanup(self.arxiv.close)
        self.paperboy.write_configuration(arxiv={"rss": self.arxiv.url("rss"), "oai": self.arxiv.url("oai")})
        self.shown = {}  # address -> ids in the order of the mails
        self.read = set()

    @staticmethod
    def clock(moment):
        """The words before a command, and the environment, that give it this time."""
        # faketime's library is loaded before a sanitizer's.
        sanitizer = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0")))
        return ["faketime", "-f", f"@{moment:%Y-%m-%d %H:%M:%S}"], {"TZ": "UTC", "ASAN_OPTIONS": sanitizer}

    def run_at(self, moment, *words, status=(OK,)):
        prefix, env = self.clock(moment)
        forget_old_clocks()
        result = self.paperboy.run(*(words or ("run",)), prefix=prefix, env=env)
        self.assertIn(result.status, status, str(result))
        return result

    def new_mails(self):
        """Those that came since the last look, by address; their papers are noted."""
        found = {}
        new = self.paperboy.outbox / "new"
        for path in sorted(new.iterdir()) if new.is_dir() else []:
            if path.name in self.read:
                continue
            self.read.add(path.name)
            message = self.read_mail(path.read_bytes())
            address = message["To"].addresses[0].addr_spec
            self.assertNotIn(address, found, "two mails at once")
            found[address] = text_of(message)
            self.shown.setdefault(address, []).extend(PAPER_ID.findall(found[address]))
        return found

    def day(self, date, answer, clock="00:06", status=(OK,)):
        self.answer = answer
        self.run_at(at(date, clock), status=status)
        return self.new_mails()

    def asked(self, service):
        return [path for path, *_ in self.arxiv.requests if path.startswith(f"/{service}/")]

    def edition(self, date):
        return next((edition for edition in self.paperboy.status()["editions"] if edition["date"] == date), None)

    def states(self, date):
        for edition in self.paperboy.status()["editions"]:
            if edition["date"] == date:
                return {name: category["state"] for name, category in edition["categories"].items()}
        return None

    def received(self, address):
        counts = Counter(self.shown.get(address, []))
        self.assertEqual([paper_id for paper_id, count in counts.items() if count > 1], [], "shown twice")
        return set(counts)

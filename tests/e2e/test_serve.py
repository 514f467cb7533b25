"""`paperboy serve` as browsers, feed readers, monitoring and systemd use it."""

import concurrent.futures
import contextlib
import gzip
import json
import re
import resource
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
from email.utils import parsedate_to_datetime

from support import CONFIGURATION, LOCAL_ADDRESS, SAMPLE_DAY, Case, today
from web_server import Server, read_all, status_of, trusting

EVERYWHERE = ("Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy",
              "Cross-Origin-Opener-Policy", "Permissions-Policy")
KEPT = ("/", "/archive", "/archive/2026-02-17", "/rss", "/rss/cs.LG", "/atom", "/atom/cs.LG", "/papers.json",
        "/style.css", "/script.js", "/favicon.svg", "/robots.txt")
ADDRESSES = KEPT + ("/health", "/metrics", "/config")
SECOND_DAY = """<?xml version="1.0"?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0"><channel>
<title>cs.LG updates on arXiv.org</title><link>http://rss.arxiv.org/rss/cs.LG</link><description>x</description>
<pubDate>Wed, 18 Feb 2026 00:00:00 -0500</pubDate>
<item><title>A second day</title><link>https://arxiv.org/abs/2602.90001</link>
<description>arXiv:2602.90001v1 Announce Type: new Abstract: Nothing much.</description>
<guid isPermaLink="false">oai:arXiv.org:2602.90001v1</guid><category>cs.LG</category>
<pubDate>Wed, 18 Feb 2026 00:00:00 -0500</pubDate><arxiv:announce_type>new</arxiv:announce_type>
<dc:creator>Ada Lovelace</dc:creator></item></channel></rss>
"""


class Serving(Case):
    def setUp(self):
        super().setUp()
        self.paperboy.write_configuration(web={
            "listen": f"{LOCAL_ADDRESS}:0", "base_url": "http://papers.example.test/",
            "trusted_proxies": [LOCAL_ADDRESS]})
        self.run_ok("fetch", "--feed", SAMPLE_DAY)

    def serve(self, **options):
        return Server(self.paperboy, **options)

    def change(self, sql):
        """What another process does to the store."""
        with contextlib.closing(sqlite3.connect(self.paperboy.store, timeout=10)) as store, store:
            store.execute(sql)


class Pages(Serving):
    def test_headers_on_every_answer(self):
        with self.serve() as server:
            for method, path, status in (
                    [("GET", path, None) for path in ADDRESSES] +
                    [("GET", "/nothing", 404), ("POST", "/", 405), ("DELETE", "/", 405), ("GET", "/..", 400),
                     ("GET", "/" + "a" * 9000, 414), ("HEAD", "/", 200), ("POST", "/nothing", 404)]):
                with self.subTest(f"{method} {path[:30]}"):
                    answer = server.send(f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                         "Content-Length: 0\r\n\r\n".encode())
                    head = answer.split(b"\r\n\r\n")[0].decode()
                    if status:
                        self.assertEqual(status_of(answer), status, head)
                    for name in EVERYWHERE:
                        self.assertRegex(head, f"(?m)^{name}: ")
                    self.assertNotIn("unsafe-inline", head)
                    self.assertNotRegex(head, "(?m)^(Set-Cookie|Location|Server):")

    def test_no_page(self):
        """In the layout of the others, with the ways on."""
        with self.serve() as server:
            for path in ("/nothing", "/archive/1999-01-01", "/rss/no.SUCH"):
                status, headers, body = server.ask(path)
                self.assertEqual((status, headers["Content-Type"]), (404, "text/html; charset=utf-8"), path)
                self.assertIn(b"There is no such page", body)
                self.assertIn(b'href="/archive"', body)

    def test_feeds_before_the_first_day(self):
        """A reader that finds none gives up."""
        self.change("DELETE FROM edition_papers")
        self.change("DELETE FROM editions")
        with self.serve() as server:
            for path in ("/rss", "/rss/cs.LG", "/atom", "/atom/cs.LG", "/papers.json"):
                status, _, body = server.ask(path)
                self.assertEqual(status, 200, path)
                self.assertNotIn(b"1970", body)
                self.assertNotIn(b"<item>", body)

    def test_methods(self):
        with self.serve() as server:
            status, headers, _ = server.ask("/", "POST", body=b"a=b")
            self.assertEqual((status, headers["Allow"]), (405, "GET, HEAD"))
            status, headers, _ = server.ask("/", "PUT", body=b"a=b")
            self.assertEqual((status, headers["Allow"]), (405, "GET, HEAD, POST"))
            for path in ADDRESSES:
                whole = server.ask(path)
                status, headers, body = server.ask(path, "HEAD")
                self.assertEqual((status, body), (whole[0], b""))
                if path in KEPT:
                    self.assertEqual(headers["Content-Length"], str(len(whole[2])))

    def test_what_caches_ask(self):
        with self.serve() as server:
            for path in KEPT:
                with self.subTest(path):
                    status, headers, body = server.ask(path)
                    self.assertEqual(status, 200)
                    self.assertRegex(headers["Cache-Control"], "^public, max-age=")
                    modified = headers["Last-Modified"]
                    self.assertLessEqual(parsedate_to_datetime(modified).timestamp(), time.time())
                    etag = headers["ETag"]
                    for ask, want in (
                            ({"If-None-Match": etag}, 304), ({"If-None-Match": f'"x", W/{etag}'}, 304),
                            ({"If-None-Match": "*"}, 304), ({"If-None-Match": '"x"'}, 200),
                            ({"If-Modified-Since": modified}, 304),
                            ({"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}, 200),
                            ({"If-Modified-Since": "nonsense"}, 200),
                            ({"If-None-Match": '"x"', "If-Modified-Since": modified}, 200)):
                        status, again, rest = server.ask(path, headers=ask)
                        self.assertEqual(status, want, ask)
                        self.assertEqual(again["ETag"], etag)
                        self.assertEqual(rest, b"" if want == 304 else body)
                        # Caches that keep a 304's length must not learn a wrong one.
                        self.assertEqual(again["Content-Length"], headers["Content-Length"])

    def test_gzip(self):
        with self.serve() as server:
            _, _, plain = server.ask("/style.css")
            for accepted, packed in (("gzip", True), ("deflate, gzip;q=0.5", True), ("gzip;q=0", False),
                                     ("gzip; q=0.000", False), ("br", False), ("", False), ("x-gzip", False)):
                with self.subTest(accepted):
                    _, headers, body = server.ask("/style.css", headers={"Accept-Encoding": accepted})
                    self.assertEqual(headers.get("Content-Encoding"), "gzip" if packed else None)
                    self.assertEqual(headers["Vary"], "Accept-Encoding")
                    self.assertEqual(gzip.decompress(body) if packed else body, plain)
            plain_tag = server.ask("/style.css")[1]["ETag"]
            packed_tag = server.ask("/style.css", headers={"Accept-Encoding": "gzip"})[1]["ETag"]
            self.assertNotEqual(plain_tag, packed_tag)

    def test_a_new_edition_is_seen(self):
        with self.serve() as server:
            pages = {path: server.ask(path) for path in ("/", "/rss", "/atom", "/papers.json", "/archive")}
            self.paperboy.write("second.xml", SECOND_DAY)
            self.run_ok("fetch", "--feed", "second.xml")
            end = time.monotonic() + 20
            for path, (_, headers, _) in pages.items():
                status = 304
                while status == 304 and time.monotonic() < end:
                    time.sleep(0.2)
                    status, _, body = server.ask(path, headers={"If-None-Match": headers["ETag"]})
                self.assertEqual(status, 200, path)
                self.assertRegex(body, b"18 February 2026|A second day")
            self.assertIn(b"17 February 2026", body)
            # A style has not changed by that.
            self.assertEqual(server.ask("/style.css")[0], 200)

    def test_texts_are_escaped(self):
        self.paperboy.write_configuration(list={"name": "<script>alert(1)</script>&\""})
        with self.serve() as server:
            for path in ("/", "/archive"):
                _, _, body = server.ask(path)
                self.assertNotIn(b"<script>alert", body)
                self.assertIn(b"&lt;script&gt;alert(1)", body)
                self.assertNotRegex(body, rb"(?i) style=| on[a-z]+=|<style|javascript:")

    def test_many_who_come_first_at_once(self):
        """One desk makes what all of them get."""
        with self.serve() as server, concurrent.futures.ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda _: server.ask("/archive"), range(200)))
            self.assertEqual({(status, body) for status, _, body in answers}, {(200, answers[0][2])})
            self.assertEqual(self.metric(server, "kept_made_total"), 1)

    def metric(self, server, name):
        _, _, body = server.ask("/metrics")
        return int(re.search(rf"(?m)^paperboy_{name} (\d+)$", body.decode())[1])

    def test_unknown_addresses_grow_nothing(self):
        with self.serve() as server:
            server.ask("/")
            before = self.metric(server, "kept_items")
            for number in range(300):
                self.assertEqual(server.ask(f"/x{number}")[0], 404)
                for path in (f"/archive/x{number}", f"/rss/cs.{number}", f"/atom/{number}",
                             f"/archive/{1000 + number}-01-01"):
                    self.assertEqual(server.ask(path)[0], 404)
            self.assertEqual(self.metric(server, "kept_items"), before)


class Telling(Serving):
    def health(self, server, want):
        status, headers, body = server.ask("/health")
        self.assertEqual(headers["Content-Type"], "application/json")
        self.assertNotIn(b"@", body)
        document = json.loads(body)
        self.assertEqual((document["status"], status), (want, 503 if want == "failing" else 200), document)
        return document

    def test_health(self):
        with self.serve() as server:
            document = self.health(server, "failing")  # the sample is from long ago
            self.assertIn("the newest edition is days old", document["failing"])
            self.assertEqual(document["edition"]["papers"], 67)
            self.assertEqual(document["store"], "ok")

    def test_health_by_what_is_stored(self):
        """Fresh papers: ok; a service that failed: late; often: failing; mail that waits: failing."""
        day = today()
        now = int(time.time())
        self.run_ok("fetch", "--feed", SAMPLE_DAY, "--date", str(day))
        with self.serve() as server:
            self.health(server, "ok")
            self.change("UPDATE editions SET state = 'late'")
            time.sleep(5.5)
            document = self.health(server, "late")
            self.assertEqual(document["late"], ["the newest edition is not complete"])
            self.change("UPDATE editions SET state = 'complete'")
            self.change("INSERT INTO deliveries (kind, subscriber, slot, state, created_utc, not_before_utc, "
                        "expires_utc) VALUES ('digest', 'ada@example.test', 's', 'queued', "
                        f"{now - 9000}, {now - 9000}, {now + 9000})")
            time.sleep(5.5)
            document = self.health(server, "failing")
            self.assertEqual(document["failing"], ["the outbox is not worked"])
            self.assertEqual(document["outbox"]["waiting"], 1)

    def test_metrics_parse(self):
        with self.serve() as server:
            server.ask("/nothing")
            _, headers, body = server.ask("/metrics")
            self.assertEqual(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
            types, values = {}, {}
            for line in body.decode().splitlines():
                if line.startswith("# TYPE "):
                    _, _, name, kind = line.split(" ")
                    self.assertNotIn(name, types, "one TYPE for each")
                    types[name] = kind
                elif not line.startswith("#"):
                    match = re.fullmatch(r'(paperboy_[a-z0-9_]+)((?:\{[a-z]+="[^"\\\n]*"\})?) (-?\d+)', line)
                    self.assertIsNotNone(match, line)
                    self.assertIn(match[1], types)
                    self.assertNotIn(match[1] + match[2], values)
                    values[match[1] + match[2]] = int(match[3])
            self.assertTrue(all(name.endswith("_total") == (kind == "counter") for name, kind in types.items()))
            self.assertEqual(values['paperboy_http_responses_total{class="4xx"}'], 1)
            self.assertEqual(values["paperboy_edition_papers"], 67)
            self.assertNotIn(b"@", body)

    def test_profile_of_the_owner_is_broken(self):
        """Visitors get what there was, and caches what is new once it is mended."""
        self.paperboy.write("bot.json", json.dumps({"email": "owner@example.test", "max_papers": 2}))
        self.paperboy.write_configuration(publish={"profile": "bot.json"})
        with self.serve() as server:
            _, old, feed = server.ask("/rss")
            time.sleep(3.2)
            self.paperboy.write("bot.json", "{")
            self.assertEqual(server.ask("/rss")[2], feed)
            self.assertTrue(any("/rss: " in line and "bot.json" in line for line in server.lines), server.lines)
            self.assertEqual(server.ask("/atom")[0], 500)
            time.sleep(3.2)
            self.paperboy.write("bot.json", json.dumps({"email": "owner@example.test", "max_papers": 3}))
            status, new, again = server.ask("/rss", headers={"If-Modified-Since": old["Last-Modified"]})
            self.assertEqual((status, again.count(b"<item>")), (200, feed.count(b"<item>") + 1))
            self.assertGreater(parsedate_to_datetime(new["Last-Modified"]), parsedate_to_datetime(old["Last-Modified"]))

    def test_config(self):
        """The bot's keys, of the owner's profile and nobody else's."""
        self.paperboy.profile("ada@example.test", keywords=["a secret interest"])
        self.paperboy.write("bot.json", json.dumps({
            "email": "owner@example.test", "categories": ["cs.LG"], "max_papers": 12,
            "keywords": ["LLM", {"term": "kv cache", "weight": 3}], "exclude_keywords": ["survey"]}))
        self.paperboy.write_configuration(publish={"profile": "bot.json"})
        with self.serve() as server:
            status, headers, body = server.ask("/config")
            self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
            self.assertEqual(json.loads(body), {
                "categories": ["cs.LG"], "keywords": ["LLM", "kv cache"], "exclude_keywords": ["survey"],
                "max_papers": 12, "ai_summary": False})
            self.assertNotIn(b"@", body)


    def test_feeds_of_the_front_page_are_there(self):
        """By publish.profile: what subscribers ask for besides has no feed."""
        self.paperboy.write("owner.json", '{"email": "owner@example.test", "categories": ["cs.LG", "math.AP"]}')
        self.paperboy.write_configuration(publish={"profile": "owner.json"})
        with self.serve() as server:
            links = re.findall(r'href="[^"]*(/(?:rss|atom)/[^"]+)"', server.ask("/")[2].decode())
            self.assertEqual(links, ["/rss/cs.LG", "/atom/cs.LG", "/rss/math.AP", "/atom/math.AP"])
            for link in links:
                self.assertEqual(server.ask(link)[0], 200, link)


class Life(Serving):
    def make_certificate(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", "web.key", "-out", "web.pem", "-days", "2", "-subj", "/CN=papers.example.test",
                        "-addext", "subjectAltName=DNS:papers.example.test"],
                       cwd=self.folder, check=True, capture_output=True)
        (self.folder / "web.key").chmod(0o600)

    def test_own_tls(self):
        self.make_certificate()
        self.paperboy.write_configuration(web={"tls_certificate_file": "web.pem", "tls_key_file": "web.key"})
        with self.serve() as server:
            self.assertTrue(server.is_tls)
            context = ssl.create_default_context(cafile=str(self.folder / "web.pem"))
            with socket.create_connection((LOCAL_ADDRESS, server.port), timeout=10) as plain:
                with context.wrap_socket(plain, server_hostname="papers.example.test") as secure:
                    secure.sendall(b"GET / HTTP/1.1\r\nHost: papers.example.test\r\nConnection: close\r\n\r\n")
                    answer = read_all(secure)
            self.assertEqual(status_of(answer), 200)
            self.assertIn(b"Strict-Transport-Security: ", answer)
            for version, is_taken in (("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)):
                spoken = subprocess.run(
                    ["openssl", "s_client", "-connect", f"{LOCAL_ADDRESS}:{server.port}", version, "-cipher",
                     "DEFAULT@SECLEVEL=0"], stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False)
                self.assertEqual(b"BEGIN CERTIFICATE" in spoken.stdout, is_taken, version)
            self.assertEqual(server.ask("/health", context=trusting())[0], 503)
            # Plain HTTP on that port, and a handshake that never ends.
            self.assertIn(status_of(server.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 3)), (None, 400))
            with server.connect() as connection:
                connection.sendall(b"\x16\x03\x01")
                self.assertEqual(server.ask("/robots.txt", context=trusting())[0], 200)

    def test_bad_tls_is_refused(self):
        self.make_certificate()
        (self.folder / "web.key").rename(self.folder / "other.key")
        self.make_certificate()
        cases = (
            ({"tls_certificate_file": "web.pem", "tls_key_file": None}, "tls_key_file is missing"),
            ({"tls_certificate_file": None, "tls_key_file": "web.key"}, "tls_certificate_file is missing"),
            ({"tls_certificate_file": "paperboy.json", "tls_key_file": "web.key"}, "no CERTIFICATE in PEM"),
            ({"tls_certificate_file": "web.pem", "tls_key_file": "web.pem"}, "PRIVATE KEY|can read this secret"),
            ({"tls_certificate_file": "nothing.pem", "tls_key_file": "web.key"}, "tls_certificate_file.*nothing.pem"),
            ({"tls_certificate_file": "web.pem", "tls_key_file": "other.key"}, "do not fit"),
        )
        for web, says in cases:
            with self.subTest(says):
                self.paperboy.write_configuration(web=web)
                self.run_fails(CONFIGURATION, "serve", says=says)
        self.paperboy.write_configuration(web={"tls_certificate_file": "web.pem", "tls_key_file": "web.key"})
        (self.folder / "web.key").chmod(0o644)
        self.run_fails(CONFIGURATION, "serve", says="other users can read")
        checked = self.paperboy.run("check")
        self.assertRegex(checked.out, "error.*web.key: other users can read")

    def test_check_of_listen_and_proxies(self):
        self.paperboy.write_configuration(web={"listen": "nowhere", "trusted_proxies": ["10.0.0.0/99"]})
        checked = self.paperboy.run("check")
        self.assertRegex(checked.out, "web.listen: .nowhere. is no address to listen on")
        self.assertRegex(checked.out, "web.trusted_proxies: .10.0.0.0/99. is no address and no network")
        self.run_fails(CONFIGURATION, "serve", says="10.0.0.0/99")
        self.paperboy.write_configuration(web={"trusted_proxies": []})
        self.run_fails(CONFIGURATION, "serve", says="nowhere")

    def serve_at(self, *listening, **options):
        """On sockets that are handed over as systemd does it."""
        code = ("import os, sys; own, argv = sys.argv[1].split(','), sys.argv[2:]\n"
                "high = [os.dup2(int(one), 100 + at) for at, one in enumerate(own)]\n"
                "for at, one in enumerate(high): os.dup2(one, 3 + at)\n"
                "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(own)), LISTEN_FDNAMES='web')\n"
                "os.execv(argv[0], argv)")
        numbers = [one.fileno() for one in listening]
        argv = self.paperboy.argv("serve")
        self.paperboy.argv = lambda *words: [sys.executable, "-c", code, ",".join(map(str, numbers)), *argv]
        return self.serve(pass_fds=numbers, **options)

    def test_idle_connections_at_one_of_two_sockets(self):
        """They take its whole share; who has waited longest goes for who comes."""
        def few_descriptors():
            resource.setrlimit(resource.RLIMIT_NOFILE, (300, 300))
        with socket.create_server((LOCAL_ADDRESS, 0)) as one, socket.create_server((LOCAL_ADDRESS, 0)) as other, \
                contextlib.ExitStack() as idle:
            self.paperboy.write_configuration(web={"trusted_proxies": []})
            with self.serve_at(one, other, preexec_fn=few_descriptors) as server:
                for number in range(86):
                    idle.enter_context(socket.create_connection(
                        (LOCAL_ADDRESS, server.port), 20, (f"127.0.0.{2 + number % 3}", 0)))
                time.sleep(1.5)
                for _ in range(10):
                    self.assertTrue(server.is_well())

    def test_sockets_of_systemd(self):
        with socket.create_server((LOCAL_ADDRESS, 0)) as listening:
            port = listening.getsockname()[1]
            # Who comes before it has started waits.
            waiting = socket.create_connection((LOCAL_ADDRESS, port), timeout=20)
            waiting.sendall(b"GET /robots.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            with self.serve_at(listening) as server:
                self.assertEqual(server.port, port)
                self.assertEqual(status_of(read_all(waiting)), 200)
                waiting.close()
                self.assertEqual(server.ask("/")[0], 200)

    def test_unix_socket_of_systemd(self):
        """Those behind it are told apart by what the proxy says, when it is trusted."""
        def post(path, number):
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(20)
                client.connect(path)
                client.sendall(b"POST /subscribe HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.%d\r\n"
                               b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 12\r\n"
                               b"Connection: close\r\n\r\nkeywords=llm" % number)
                return status_of(read_all(client))
        for trusted, is_one in ((["unix:"], False), ([], True)):
            with self.subTest(trusted), socket.socket(socket.AF_UNIX) as listening:
                path = str(self.folder / f"web{is_one}")
                listening.bind(path)
                listening.listen()
                self.paperboy.write_configuration(web={"trusted_proxies": trusted})
                with self.serve_at(listening) as server:
                    statuses = [post(path, number) for number in range(25)]
                self.assertEqual(429 in statuses, is_one, server.lines)
                del self.paperboy.argv

    def test_a_taken_address(self):
        with socket.create_server((LOCAL_ADDRESS, 0)) as taken:
            self.paperboy.write_configuration(web={"listen": f"{LOCAL_ADDRESS}:{taken.getsockname()[1]}"})
            self.run_fails(75, "serve", says=("cannot listen", "in use"))

    def test_stopped_in_the_middle_of_answers(self):
        """SIGTERM: what was asked for is answered whole, nobody new gets in, and it ends well."""
        with self.serve() as server:
            server.ask("/style.css")
            slow = socket.socket()
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.connect((LOCAL_ADDRESS, server.port))
            count = 100
            head = b"GET /style.css HTTP/1.1\r\nHost: x\r\n"
            slow.sendall((head + b"\r\n") * (count - 1) + head + b"Connection: close\r\n\r\n")
            idle = server.connect()
            self.assertTrue(slow.recv(100))
            server.process.terminate()
            time.sleep(0.5)
            with self.assertRaises(OSError):
                server.connect(1).close()
            slow.settimeout(10)
            rest = read_all(slow)
            self.assertTrue(rest.count(b"HTTP/1.1 200 OK"), "the answer under way is finished")
            last = rest[rest.rindex(b"HTTP/1.1 200 OK"):]
            body = last.split(b"\r\n\r\n", 1)[1]
            length = int(re.search(rb"Content-Length: (\d+)", last)[1])
            self.assertEqual(len(body), length, "and no answer is cut")
            self.assertEqual(idle.recv(10), b"")
            started = time.monotonic()
            self.assertEqual(server.process.wait(15), 0)
            self.assertLess(time.monotonic() - started, 11)
            slow.close()
            idle.close()

    def test_store_is_put_back_from_a_backup(self):
        """What is done at pages from then on is in the store that was put there."""
        with self.serve() as server:
            self.assertEqual(server.ask("/config")[0], 200)
            self.run_ok("backup", "--out", "copy")
            for path in self.folder.glob("paperboy.db*"):
                path.unlink()
            self.assertEqual(json.loads(server.ask("/health")[2])["store"], "unreachable")
            self.assertFalse(self.paperboy.store.exists())
            (self.folder / "copy/paperboy.db").rename(self.paperboy.store)
            self.change("UPDATE editions SET state = 'late'")
            document = json.loads(server.ask("/health")[2])
            self.assertEqual((document["store"], document["edition"]["state"]), ("ok", "late"))

    def test_store_that_cannot_be_read(self):
        """Pages from memory stay, /health says that it fails, and it recovers by itself."""
        with self.serve() as server:
            home = server.ask("/")[2]
            self.change("ALTER TABLE editions RENAME TO away")
            time.sleep(5.5)
            status, _, body = server.ask("/health")
            self.assertEqual((status, json.loads(body)), (503, {"status": "failing", "store": "unreachable"}))
            self.assertIn(b"paperboy_store_up 0", server.ask("/metrics")[2])
            self.assertEqual(server.ask("/"), server.ask("/"))
            self.assertEqual(server.ask("/")[2], home)
            status, _, body = server.ask("/archive")
            self.assertIn(status, (500, 503))
            self.assertNotIn(b"editions", body)
            self.change("ALTER TABLE away RENAME TO editions")
            time.sleep(5.5)
            self.assertEqual(json.loads(server.ask("/health")[2])["store"], "ok")
            self.assertEqual(server.ask("/archive")[0], 200)

"""The README's examples of nginx and Caddy: both programs take them, and nginx in front of
paperboy tells it whom a request comes from."""

import re
import subprocess

from servers import LOCAL_ADDRESS, Certificates, accepts, end, free_port, wait_for
from support import ROOT, Case, with_servers
from web import Served


def example(language):
    return re.search(rf"^```{language}\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S).group(1)


@with_servers
class Proxies(Case):
    def nginx(self, upstream, port):
        """The README's server block in a whole configuration of nginx, its files and ports ours."""
        folder = self.folder / "tls"
        folder.mkdir()
        certificate, key = Certificates(folder).make("papers", "DNS:papers.example.org")
        block = example("nginx")
        for old, new in ((r"listen \[::\]:443 ssl;", ""), (r"listen 443 ssl;", f"listen {LOCAL_ADDRESS}:{port} ssl;"),
                         (r"ssl_certificate \S+;", f"ssl_certificate {certificate};"),
                         (r"ssl_certificate_key \S+;", f"ssl_certificate_key {key};"),
                         (r"http://127\.0\.0\.1:8025;", f"http://{LOCAL_ADDRESS}:{upstream};")):
            block, count = re.subn(old, new, block)
            self.assertEqual(count, 1, old)
        home = self.folder / "nginx"
        home.mkdir()
        paths = "".join(f"    {name}_temp_path {home}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return self.paperboy.write("nginx/nginx.conf", f"pid {home}/pid;\nerror_log {home}/error.log;\ndaemon off;\nuser root;\n"
                                   f"events {{}}\nhttp {{\n    access_log off;\n{paths}{block}}}\n")

    def test_nginx(self):
        served = Served(self.paperboy)
        self.addCleanup(lambda: self.assertEqual(served.stop()[0], 0))
        port = free_port()
        path = self.nginx(served.port, port)
        tried = subprocess.run(["nginx", "-t", "-q", "-c", path], capture_output=True, text=True)
        self.assertEqual((tried.returncode, tried.stderr), (0, ""))
        proxy = subprocess.Popen(["nginx", "-c", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(end, proxy)
        wait_for(lambda: accepts(port), 20, "nginx to listen")

        def curl(target, *words):
            return subprocess.run(["curl", "-s", "-k", "--resolve", f"papers.example.org:{port}:{LOCAL_ADDRESS}",
                                   f"https://papers.example.org:{port}{target}", *words], capture_output=True, text=True).stdout

        self.assertIn('"status"', curl("/health"))
        self.assertIn("403", curl("/metrics"))
        self.assertIn("paperboy_", served.get("/metrics").text)
        # Too large for the proxy already; paperboy's own limit is in test_serve_hostile.
        self.assertIn("413", curl("/subscribe", "-d", "a=" + 70000 * "x"))

    def test_caddy(self):
        path = self.paperboy.write("Caddyfile", example("caddy"))
        tried = subprocess.run(["caddy", "validate", "--adapter", "caddyfile", "--config", path],
                               capture_output=True, text=True, env={"HOME": str(self.folder), "PATH": "/usr/bin:/bin"})
        self.assertEqual(tried.returncode, 0, tried.stderr)
        self.assertIn("Valid configuration", tried.stdout + tried.stderr)

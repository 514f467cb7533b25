"""What the tests of pages share: `paperboy serve` started and ended, requests to it, and a
browser's forms without a browser."""

import html
import html.parser
import http.client
import re
import time
import urllib.parse

from servers import LOCAL_ADDRESS, free_port
from web_server import Server

BASE_URL = "https://papers.example.test/"


class Served:
    """`paperboy serve` of an installation, as people see it; web_server.py is what runs it."""

    def __init__(self, paperboy, base_url=BASE_URL, env=None, **web):
        """`base_url` None: the port itself, for a browser."""
        self.port = free_port()
        self.base_url = base_url or f"http://{LOCAL_ADDRESS}:{self.port}/"
        paperboy.write_configuration(web={"listen": f"{LOCAL_ADDRESS}:{self.port}", "base_url": self.base_url, **web})
        self.server = Server(paperboy, env=env)

    def stop(self):
        """Gently; its status and what it said."""
        status = self.server.stop()
        return status, "\n".join(self.server.lines)

    def path_of(self, url):
        assert url.startswith(self.base_url), url
        return "/" + url[len(self.base_url):]

    def ask(self, method, path, body=None, headers=None, client=None):
        connection = http.client.HTTPConnection(LOCAL_ADDRESS, self.port, timeout=30,
                                                source_address=(client, 0) if client else None)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Page(answer.status, dict(answer.getheaders()), answer.read().decode("utf-8"), path)
        finally:
            connection.close()

    def get(self, path, **options):
        return self.ask("GET", path, **options)

    def post(self, path, fields, headers=None, client=None):
        body = urllib.parse.urlencode(fields, doseq=True)
        return self.ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded",
                                             "Origin": self.base_url.rstrip("/"),
                                             "Sec-Fetch-Site": "same-origin", **(headers or {})}, client)

    def send(self, page, button=None, number=0, waits=True, headers=None, client=None, **typed):
        """Fills in a form of the page and presses a button of it, as a person would: not at once."""
        form = page.forms[number]
        fields = {**form.fields, **typed}
        if button:
            assert button in form.buttons, (button, form.buttons)
            fields["do"] = button
        if waits and "token" in fields:
            time.sleep(1.1)
        return self.post(form.action or page.path, fields, headers, client)


class Form:
    def __init__(self, action):
        self.action, self.fields, self.buttons = action, {}, []


class Page(html.parser.HTMLParser):
    """One answer, and the forms in it."""

    def __init__(self, status, headers, text, path):
        super().__init__()
        self.status, self.headers, self.text, self.path = status, headers, text, path
        self.forms, self._area, self._select = [], None, None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "form":
            self.forms.append(Form(values.get("action")))
        if not self.forms:
            return
        fields, name = self.forms[-1].fields, values.get("name")
        if tag == "input" and values.get("type") == "checkbox":
            if "checked" in values:
                fields.setdefault(name, []).append(values["value"])
        elif tag == "input":
            fields[name] = values.get("value", "")
        elif tag == "button":
            self.forms[-1].buttons.append(values.get("value"))
        elif tag == "textarea":
            self._area = name
            fields[name] = ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in values:
            fields[self._select] = values["value"]

    def handle_endtag(self, tag):
        if tag == "textarea" and self._area:
            fields = self.forms[-1].fields
            fields[self._area] = fields[self._area].removeprefix("\n")
            self._area = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data):
        if self._area:
            self.forms[-1].fields[self._area] += data

    def words(self):
        """What a person reads."""
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", self.text)))

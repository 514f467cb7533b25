"""RSS 2.0 and Atom 1.0 held to their specifications: rssboard.org/rss-specification with
the RSS Advisory Board's profile, and RFC 4287. Each check returns the breaches it found."""

import re
import xml.etree.ElementTree as ElementTree
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

ATOM = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
XML = "{http://www.w3.org/XML/1998/namespace}"
DAYS = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")
RFC822 = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d? [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d ([+-]\d{4}|GMT)$")
# (least, most; None: any number)
CHANNEL = {"title": (1, 1), "link": (1, 1), "description": (1, 1), "language": (0, 1), "pubDate": (0, 1),
           "lastBuildDate": (0, 1), "docs": (0, 1), "generator": (0, 1), "ttl": (0, 1), "skipDays": (0, 1),
           f"{ATOM}link": (0, None), "item": (0, None)}
ITEM = {"title": (1, 1), "link": (0, 1), "description": (0, 1), "guid": (1, 1), "pubDate": (0, 1),
        "category": (0, None), f"{DC}creator": (0, None)}
FEED = {"id": (1, 1), "title": (1, 1), "updated": (1, 1), "subtitle": (0, 1), "generator": (0, 1), "author": (1, None),
        "link": (1, None), "entry": (0, None)}
ENTRY = {"id": (1, 1), "title": (1, 1), "updated": (1, 1), "published": (0, 1), "author": (0, None),
         "category": (0, None), "link": (1, None), "summary": (0, 1)}


def is_uri(text):
    parts = urlsplit(text)
    return bool(parts.scheme) and bool(parts.netloc or parts.scheme in ("tag", "urn")) and not re.search(r"[\s<>\"{}|\\^`]", text)


def count(wrong, element, allowed, prefix=""):
    names = [child.tag for child in element]
    for name in set(names):
        if name.removeprefix(prefix) not in allowed or (prefix and not name.startswith(prefix)):
            wrong.append(f"<{name}> in <{element.tag}> is not known")
    for name, (least, most) in allowed.items():
        number = names.count(prefix + name)
        if number < least or (most is not None and number > most):
            wrong.append(f"<{element.tag}> has {number} of <{name}>")


def is_rfc822(text):
    """The weekday must be that day's."""
    return bool(RFC822.match(text)) and parsedate_to_datetime(text).strftime("%a") == text[:3]


def check_rss_item(wrong, item, guids):
    count(wrong, item, ITEM)
    guid = item.find("guid")
    if guid.get("isPermaLink", "true") == "true" and not is_uri(guid.text):
        wrong.append(f"guid {guid.text} is no address")
    if guid.text in guids:
        wrong.append(f"guid {guid.text} stands twice")
    guids.add(guid.text)
    if not is_uri(item.findtext("link")):
        wrong.append(f"link {item.findtext('link')}")
    if not is_rfc822(item.findtext("pubDate")):
        wrong.append(f"pubDate {item.findtext('pubDate')}")
    if not item.findtext("title").strip():
        wrong.append("an empty title")


def check_rss(raw):
    root, wrong, guids = ElementTree.fromstring(raw), [], set()
    if root.tag != "rss" or root.get("version") != "2.0" or [child.tag for child in root] != ["channel"]:
        return ["no RSS 2.0 document"]
    channel = root[0]
    count(wrong, channel, CHANNEL)
    for name in ("pubDate", "lastBuildDate"):
        if not is_rfc822(channel.findtext(name)):
            wrong.append(f"{name} {channel.findtext(name)}")
    if not is_uri(channel.findtext("link")):
        wrong.append(f"link {channel.findtext('link')}")
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]+)*", channel.findtext("language")):
        wrong.append(f"language {channel.findtext('language')}")
    if int(channel.findtext("ttl")) <= 0:
        wrong.append("ttl")
    if not {day.text for day in channel.find("skipDays")} <= DAYS:
        wrong.append("skipDays")
    for link in channel.findall(f"{ATOM}link"):
        if link.get("rel") != "self" or not is_uri(link.get("href")) or link.get("type") != "application/rss+xml":
            wrong.append(f"atom:link {link.attrib}")
    for item in channel.findall("item"):
        check_rss_item(wrong, item, guids)
    return wrong


def check_links(wrong, element):
    alternates = set()
    for link in element.findall(f"{ATOM}link"):
        if not is_uri(link.get("href", "")):
            wrong.append(f"link {link.attrib}")
        if link.get("rel") == "alternate":
            key = (link.get("type"), link.get("hreflang"))
            if key in alternates:
                wrong.append(f"two alternate links of {key} (4.1.1)")
            alternates.add(key)


def check_times(wrong, element):
    for name in ("updated", "published"):
        for time in element.findall(ATOM + name):
            if not RFC3339.match(time.text):
                wrong.append(f"{name} {time.text}")


def check_people(wrong, element):
    for author in element.findall(f"{ATOM}author"):
        if [child.tag for child in author] != [f"{ATOM}name"] or not author[0].text.strip():
            wrong.append("an author without a name")


def check_atom(raw):
    root, wrong, ids = ElementTree.fromstring(raw), [], set()
    if root.tag != f"{ATOM}feed":
        return ["no Atom document"]
    for element, allowed in [(root, FEED)] + [(entry, ENTRY) for entry in root.findall(f"{ATOM}entry")]:
        count(wrong, element, allowed, ATOM)
        check_links(wrong, element)
        check_times(wrong, element)
        check_people(wrong, element)
        identity = element.findtext(f"{ATOM}id")
        if not is_uri(identity) or identity in ids:
            wrong.append(f"id {identity}")
        ids.add(identity)
        for category in element.findall(f"{ATOM}category"):
            if not category.get("term"):
                wrong.append("a category without term")
        for summary in element.findall(f"{ATOM}summary"):
            if summary.get("type") not in ("text", "html", None) or len(summary):
                wrong.append("a summary that is neither text nor HTML")
    if not root.get(f"{XML}lang"):
        wrong.append("no language")
    return wrong

/* OAI-PMH 2.0 as arXiv answers: ListRecords and GetRecord with metadataPrefix
 * arXiv (names in parts) or arXivRaw (all versions, names in one string). It
 * gives neither announce type nor announcement date: both are estimates. */
#include <string.h>

#include "papers/feed_parser.h"

static const struct feed_element OAI_ELEMENTS[] = {
    {"record", SPACE_MAIN, LEVEL_FEED, MEANS_ITEM, false},
    {"responseDate", SPACE_MAIN, LEVEL_FEED, MEANS_FEED_DATE, true},
    {"error", SPACE_MAIN, LEVEL_FEED, MEANS_ERROR, true},
    {"resumptionToken", SPACE_MAIN, LEVEL_FEED, MEANS_TOKEN, true},
    {"ListRecords", SPACE_MAIN, LEVEL_FEED, MEANS_LIST, false},
    {"GetRecord", SPACE_MAIN, LEVEL_FEED, MEANS_LIST, false},
    {"header", SPACE_MAIN, 1, MEANS_HEADER, false},
    {"identifier", SPACE_MAIN, 2, MEANS_ID, true},
    {"metadata", SPACE_MAIN, 1, MEANS_NOTHING, false},
    {"arXiv", SPACE_MAIN, 2, MEANS_NOTHING, false},
    {"arXivRaw", SPACE_MAIN, 2, MEANS_RAW, false},
    {"id", SPACE_MAIN, 3, MEANS_ID, true},
    {"title", SPACE_MAIN, 3, MEANS_TITLE, true},
    {"abstract", SPACE_MAIN, 3, MEANS_ABSTRACT, true},
    {"categories", SPACE_MAIN, 3, MEANS_CATEGORIES, true},
    {"authors", SPACE_MAIN, 3, MEANS_CREATORS, true},
    {"author", SPACE_MAIN, 4, MEANS_PERSON, false},
    {"keyname", SPACE_MAIN, 5, MEANS_KEYNAME, true},
    {"forenames", SPACE_MAIN, 5, MEANS_FORENAMES, true},
    {"suffix", SPACE_MAIN, 5, MEANS_SUFFIX, true},
    {"datestamp", SPACE_MAIN, 2, MEANS_DATE_SPARE, true},
    {"created", SPACE_MAIN, 3, MEANS_DATE_SPARE, true},
    {"updated", SPACE_MAIN, 3, MEANS_DATE, true},
    {"version", SPACE_MAIN, 3, MEANS_VERSION, false},
    {"date", SPACE_MAIN, 4, MEANS_VERSION_DATE, true},
    {NULL, SPACE_MAIN, 0, MEANS_NOTHING, false},
};

static void open_element(struct feed_parser *parser, enum feed_meaning meaning,
                         struct feed_attributes attributes)
{
    struct feed_item *item = &parser->item;
    struct view version = feed_attribute(attributes, "version");
    long number = 0;

    switch (meaning) {
    case MEANS_LIST:
        parser->has_list = true;
        break;
    case MEANS_RAW:
        parser->report->format = FEED_OAI_RAW;
        break;
    case MEANS_HEADER:
        item->deleted = view_equal(feed_attribute(attributes, "status"), VIEW("deleted"));
        break;
    case MEANS_VERSION:
        item->version = 0;
        if (view_starts_with(version, VIEW("v")) &&
            view_to_long(view_slice(version, 1, version.size), &number) && number <= 9999)
            item->version = (int)number;
        break;
    case MEANS_ERROR:
        buffer_clear(&parser->error_code);
        buffer_add_view(&parser->error_code, feed_attribute(attributes, "code"));
        break;
    default:
        break;
    }
}

/* The highest version brings its number and its date. */
static void take_version_date(struct feed_parser *parser, struct view text)
{
    struct feed_item *item = &parser->item;
    bool has_instant;
    struct date date;
    int64_t utc = 0;

    if (!feed_text_date(text, &date, &has_instant, &utc) || !has_instant)
        utc = 0;
    if (item->version == 1)
        item->paper.first_submitted_utc = utc;
    if (item->version < item->paper.version)
        return;
    item->paper.submitted_utc = utc;
    item->paper.version = item->version;
    feed_item_take_date(parser, text, true);
}

static void take_error(struct feed_parser *parser, struct view text)
{
    struct view code = buffer_view(&parser->error_code);
    enum error_kind kind = ERROR_PERMANENT;

    if (view_equal(code, VIEW("noRecordsMatch"))) {
        parser->has_list = true;
        return;
    }
    if (view_equal(code, VIEW("badResumptionToken")))
        kind = ERROR_TEMPORARY;
    feed_fail(parser, kind, "OAI-PMH answered with an error: %.*s: %.*s", VIEW_ARGUMENTS(code),
              VIEW_ARGUMENTS(feed_text_line(parser, text)));
}

static void take_token(struct feed_parser *parser, struct view token)
{
    token = view_trim(token);
    if (token.size >= FEED_TOKEN_BYTES) {
        feed_fail(parser, ERROR_INPUT, "OAI-PMH: a resumption token of %zu bytes, at most %d",
                  token.size, FEED_TOKEN_BYTES - 1);
        return;
    }
    if (token.size)
        memcpy(parser->report->resumption_token, token.data, token.size);
    parser->report->resumption_token[token.size] = '\0';
}

/* "Forenames Keyname Suffix"; the source writes "Forney," before a suffix. */
static void take_person(struct feed_parser *parser)
{
    struct feed_item *item = &parser->item;
    struct view keyname = item->keyname;
    struct buffer name;

    while (view_ends_with(keyname, VIEW(",")))
        keyname = view_trim(view_slice(keyname, 0, keyname.size - 1));
    buffer_init(&name, item->forenames.size + keyname.size + item->suffix.size + 2);
    buffer_add_view(&name, item->forenames);
    if (name.size && keyname.size)
        buffer_add_char(&name, ' ');
    buffer_add_view(&name, keyname);
    if (name.size && item->suffix.size)
        buffer_add_char(&name, ' ');
    buffer_add_view(&name, item->suffix);
    feed_item_take_author(parser, buffer_view(&name));
    buffer_free(&name);
    item->keyname = item->forenames = item->suffix = (struct view){NULL, 0};
}

static void close_item_element(struct feed_parser *parser, enum feed_meaning meaning,
                               struct view text)
{
    struct feed_item *item = &parser->item;

    switch (meaning) {
    case MEANS_ID:
        if (!feed_item_take_arxiv_id(parser, text))
            feed_item_take_id(parser, view_trim(text));
        break;
    case MEANS_TITLE:
        feed_item_take_title(parser, feed_text_decode(parser, text));
        break;
    case MEANS_ABSTRACT:
        feed_item_take_abstract(parser, feed_text_decode(parser, text));
        break;
    case MEANS_CREATORS:
        feed_item_take_creators(parser, feed_text_decode(parser, text));
        break;
    case MEANS_CATEGORIES:
        feed_item_take_categories(parser, text);
        break;
    case MEANS_KEYNAME:
        if (!item->keyname.size)
            item->keyname = feed_text_line(parser, feed_text_decode(parser, text));
        break;
    case MEANS_FORENAMES:
        item->forenames = feed_text_line(parser, feed_text_decode(parser, text));
        break;
    case MEANS_SUFFIX:
        item->suffix = feed_text_line(parser, feed_text_decode(parser, text));
        break;
    case MEANS_PERSON:
        take_person(parser);
        break;
    case MEANS_DATE:
    case MEANS_DATE_SPARE:
        feed_item_take_date(parser, text, meaning == MEANS_DATE);
        break;
    case MEANS_VERSION_DATE:
        take_version_date(parser, text);
        break;
    default:
        break;
    }
}

static void close_element(struct feed_parser *parser, enum feed_meaning meaning, struct view text)
{
    switch (meaning) {
    case MEANS_FEED_DATE:
        feed_take_date(parser, text, true);
        break;
    case MEANS_ERROR:
        take_error(parser, text);
        break;
    case MEANS_TOKEN:
        take_token(parser, text);
        break;
    default:
        close_item_element(parser, meaning, text);
        break;
    }
}

/* A first version is new, any later one a replacement; metadataPrefix arXiv
 * gives no version but tells a changed record by its <updated>. */
static void finish_item(struct feed_parser *parser)
{
    struct feed_item *item = &parser->item;
    bool is_first = item->paper.version ? item->paper.version == 1 : !item->has_main_date;

    parser->report->estimated = true;
    item->paper.announce_type = is_first ? ANNOUNCE_NEW : ANNOUNCE_REPLACE;
}

const struct feed_family feed_family_oai = {
    .root = "OAI-PMH", .item = "record", .format = FEED_OAI, .elements = OAI_ELEMENTS,
    .open = open_element, .close = close_element, .finish = finish_item,
};

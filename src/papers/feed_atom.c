/* Atom: the announcements of rss.arxiv.org and the answers of the API at
 * export.arxiv.org, today's and older ones. */

#include "papers/feed_parser.h"

static const struct feed_element ATOM_ELEMENTS[] = {
    {"entry", SPACE_MAIN, LEVEL_FEED, MEANS_ITEM, false},
    {"id", SPACE_MAIN, LEVEL_FEED, MEANS_FEED_ID, true},
    {"updated", SPACE_MAIN, LEVEL_FEED, MEANS_FEED_DATE, true},
    {"id", SPACE_MAIN, 1, MEANS_ID, true},
    {"title", SPACE_MAIN, 1, MEANS_TITLE, true},
    {"summary", SPACE_MAIN, 1, MEANS_ABSTRACT, true},
    {"creator", SPACE_DC, 1, MEANS_CREATORS, true},
    {"author", SPACE_MAIN, 1, MEANS_PERSON, false},
    {"name", SPACE_MAIN, 2, MEANS_AUTHOR, true},
    {"category", SPACE_MAIN, 1, MEANS_CATEGORY, false},
    {"primary_category", SPACE_ARXIV, 1, MEANS_PRIMARY_CATEGORY, false},
    {"announce_type", SPACE_ARXIV, 1, MEANS_ANNOUNCE_TYPE, true},
    {"published", SPACE_MAIN, 1, MEANS_DATE, true},
    {"updated", SPACE_MAIN, 1, MEANS_DATE_SPARE, true},
    {NULL, SPACE_MAIN, 0, MEANS_NOTHING, false},
};

/* The API reports errors as an entry whose id says so and whose summary says why. */
static const char ERROR_ID[] = "arxiv.org/api/errors";

static void open_element(struct feed_parser *parser, enum feed_meaning meaning,
                         struct feed_attributes attributes)
{
    struct view term = feed_attribute(attributes, "term");

    if (meaning == MEANS_CATEGORY)
        feed_item_take_category(parser, term);
    else if (meaning == MEANS_PRIMARY_CATEGORY && !parser->item.primary_category.size)
        parser->item.primary_category = arena_copy(parser->arena, view_trim(term));
}

static void take_id(struct feed_parser *parser, struct view text)
{
    if (view_find(text, view_of(ERROR_ID), 0) < text.size)
        parser->item.unusable = "an error entry of arXiv's API";
    else
        feed_item_take_arxiv_id(parser, text);
}

static void close_element(struct feed_parser *parser, enum feed_meaning meaning, struct view text)
{
    switch (meaning) {
    case MEANS_FEED_ID:
        if (view_find(text, VIEW("/api/"), 0) < text.size)
            parser->report->format = FEED_API;
        break;
    case MEANS_FEED_DATE:
        feed_take_date(parser, text, true);
        break;
    case MEANS_ID:
        take_id(parser, text);
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
    case MEANS_AUTHOR:
        feed_item_take_author(parser, feed_text_decode(parser, text));
        break;
    case MEANS_ANNOUNCE_TYPE:
        feed_item_take_announce_type(parser, text);
        break;
    case MEANS_DATE:
    case MEANS_DATE_SPARE:
        feed_item_take_date(parser, text, meaning == MEANS_DATE);
        break;
    default:
        break;
    }
}

static void finish_item(struct feed_parser *parser)
{
    struct feed_item *item = &parser->item;

    if (item->unusable && !feed_has_papers(parser))
        feed_fail(parser, ERROR_PERMANENT, "arXiv's API answered with an error: %.*s",
                  VIEW_ARGUMENTS(item->paper.source_abstract));
}

const struct feed_family feed_family_atom = {
    .root = "feed", .item = "entry", .format = FEED_ATOM, .elements = ATOM_ELEMENTS,
    .open = open_element, .close = close_element, .finish = finish_item,
};

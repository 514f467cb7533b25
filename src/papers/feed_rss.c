/* RSS 2.0 of rss.arxiv.org, and what arXiv served until January 2024: RSS 1.0
 * (RDF) and an RSS 2.0 like it, with the id in the title, names as HTML links
 * and the abstract as an HTML paragraph. */
#include "papers/feed_parser.h"

static const struct feed_element RSS_ELEMENTS[] = {
    {"item", SPACE_MAIN, LEVEL_FEED, MEANS_ITEM, false},
    {"pubDate", SPACE_MAIN, LEVEL_FEED, MEANS_FEED_DATE, true},
    {"lastBuildDate", SPACE_MAIN, LEVEL_FEED, MEANS_FEED_DATE_SPARE, true},
    {"date", SPACE_DC, LEVEL_FEED, MEANS_FEED_DATE_SPARE, true},
    {"guid", SPACE_MAIN, 1, MEANS_ID, true},
    {"link", SPACE_MAIN, 1, MEANS_ID, true},
    {"title", SPACE_MAIN, 1, MEANS_TITLE, true},
    {"description", SPACE_MAIN, 1, MEANS_ABSTRACT, true},
    {"creator", SPACE_DC, 1, MEANS_CREATORS, true},
    {"category", SPACE_MAIN, 1, MEANS_CATEGORY, true},
    {"announce_type", SPACE_ARXIV, 1, MEANS_ANNOUNCE_TYPE, true},
    {"pubDate", SPACE_MAIN, 1, MEANS_DATE, true},
    {"date", SPACE_DC, 1, MEANS_DATE_SPARE, true},
    {NULL, SPACE_MAIN, 0, MEANS_NOTHING, false},
};

/* "Title. (arXiv:2111.00459v1 [eess.SY] UPDATED)" to "Title"; the full stop is
 * arXiv's own. Anything else stays whole. */
static struct view take_title_suffix(struct feed_parser *parser, struct view title)
{
    struct view suffix, id, category;
    size_t open = title.size, bracket, end;

    if (!view_ends_with(title, VIEW(")")))
        return title;
    while (open > 0 && title.data[open - 1] != '(')
        open--;
    suffix = view_slice(title, open, title.size - 1);
    bracket = view_find_char(suffix, '[', 0);
    end = view_find_char(suffix, ']', bracket);
    if (!open || !view_starts_with(suffix, VIEW("arXiv:")) || end == suffix.size)
        return title;
    id = view_slice(suffix, 0, bracket);
    category = view_slice(suffix, bracket + 1, end);
    suffix = view_trim(view_slice(suffix, end + 1, suffix.size));
    if (!feed_item_take_arxiv_id(parser, id))
        return title;
    feed_item_take_category(parser, category);
    if (view_equal(suffix, VIEW("UPDATED")))
        feed_item_take_announce_type(parser, VIEW("replace"));
    else if (view_equal(suffix, VIEW("CROSS LISTED")))
        feed_item_take_announce_type(parser, VIEW("cross"));
    else if (view_find(suffix, VIEW("CROSS LISTED"), 0) < suffix.size)
        feed_item_take_announce_type(parser, VIEW("replace-cross"));
    title = view_trim(view_slice(title, 0, open - 1));
    return view_ends_with(title, VIEW(".")) ? view_slice(title, 0, title.size - 1) : title;
}

static void take_title(struct feed_parser *parser, struct view text)
{
    feed_item_take_title(parser, feed_text_decode(parser, text));
    parser->item.paper.source_title =
        take_title_suffix(parser, parser->item.paper.source_title);
}

/* HTML only where it shows itself: in today's feeds a `<` is a less-than. */
static void take_abstract(struct feed_parser *parser, struct view text)
{
    if (view_starts_with_nocase(view_trim(text), VIEW("<p>")))
        text = feed_text_from_html(parser, text);
    else
        text = feed_text_decode(parser, text);
    feed_item_take_abstract(parser, text);
}

static void take_creators(struct feed_parser *parser, struct view text)
{
    feed_item_take_creators(parser, feed_text_from_html(parser, text));
}

static void close_element(struct feed_parser *parser, enum feed_meaning meaning, struct view text)
{
    switch (meaning) {
    case MEANS_FEED_DATE:
    case MEANS_FEED_DATE_SPARE:
        feed_take_date(parser, text, meaning == MEANS_FEED_DATE);
        break;
    case MEANS_ID:
        feed_item_take_arxiv_id(parser, text);
        break;
    case MEANS_TITLE:
        take_title(parser, text);
        break;
    case MEANS_ABSTRACT:
        take_abstract(parser, text);
        break;
    case MEANS_CREATORS:
        take_creators(parser, text);
        break;
    case MEANS_CATEGORY:
        feed_item_take_categories(parser, text);
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

const struct feed_family feed_family_rss = {
    .root = "rss", .item = "item", .format = FEED_RSS,
    .elements = RSS_ELEMENTS, .close = close_element,
};

const struct feed_family feed_family_rdf = {
    .root = "RDF", .item = "item", .format = FEED_RDF,
    .elements = RSS_ELEMENTS, .close = close_element,
};

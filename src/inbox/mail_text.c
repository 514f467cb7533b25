#include "inbox/mail_text.h"

#include <libxml/HTMLparser.h>
#include <string.h>

#include "base/utf8.h"

/* ---- what stands in the mail ---- */

static bool is_shown(const struct mail_part *part, const char *type)
{
    return !part->depth && !part->is_attachment && view_equal_string(part->type, type);
}

static bool is_blank(struct view text)
{
    return !view_trim(text).size;
}

struct view mail_text_whole(const struct mail *mail, struct arena *arena)
{
    struct buffer text;
    struct view result;

    buffer_init(&text, 4 * MAIL_BYTES);
    for (size_t i = 0; i < mail->part_count; i++) {
        const struct mail_part *part = &mail->parts[i];

        if (!is_shown(part, "text/plain") || is_blank(part->body))
            continue;
        buffer_add_view(&text, part->body);
        buffer_add_char(&text, '\n');
    }
    for (size_t i = 0; i < mail->part_count && !text.size; i++)
        if (is_shown(&mail->parts[i], "text/html"))
            buffer_add_view(&text, mail_text_of_html(mail->parts[i].body, arena));
    result = arena_copy(arena, buffer_view(&text));
    buffer_free(&text);
    return result;
}

/* ---- HTML ---- */

enum { HTML_DEPTH = 200, QUOTES_MAX = 20 };

struct reading {
    struct buffer *out;
    int quotes;     /* blockquotes around this place */
    bool is_blank;  /* a blank is due before the next word */
};

static const char *const BLOCKS[] = {"p", "div", "br", "tr", "li", "ul", "ol", "table", "h1", "h2",
                                     "h3", "h4", "h5", "h6", "pre", "blockquote", "hr", "section",
                                     "article", "header", "footer", "address", "dd", "dt", NULL};
static const char *const HIDDEN[] = {"head", "style", "script", "title", "template", "noscript",
                                     "object", NULL};

static bool is_one_of(const xmlNode *node, const char *const names[])
{
    for (size_t i = 0; names[i]; i++)
        if (node->name && strcmp((const char *)node->name, names[i]) == 0)
            return true;
    return false;
}

static void begin_line(struct reading *reading)
{
    if (reading->out->size && reading->out->data[reading->out->size - 1] != '\n')
        buffer_add_char(reading->out, '\n');
    reading->is_blank = false;
}

static bool is_at_start(const struct reading *reading)
{
    return !reading->out->size || reading->out->data[reading->out->size - 1] == '\n';
}

static void add_text(struct reading *reading, const char *text)
{
    for (; *text; text++) {
        bool is_space = strchr(" \t\r\n\f", *text) != NULL;

        /* A no-break space is a blank as well. */
        if ((unsigned char)text[0] == 0xC2 && (unsigned char)text[1] == 0xA0) {
            text++;
            is_space = true;
        }
        if (is_space) {
            reading->is_blank = true;
            continue;
        }
        if (is_at_start(reading)) {
            for (int i = 0; i < reading->quotes && i < QUOTES_MAX; i++)
                buffer_add_string(reading->out, i + 1 < reading->quotes ? ">" : "> ");
        } else if (reading->is_blank) {
            buffer_add_char(reading->out, ' ');
        }
        reading->is_blank = false;
        buffer_add_char(reading->out, *text);
    }
}

static bool attribute_has(const xmlNode *node, const char *name, const char *part)
{
    xmlChar *value = xmlGetProp(node, (const xmlChar *)name);
    bool has = value && strstr((const char *)value, part);

    xmlFree(value);
    return has;
}

/* Programs that mark quotations otherwise than by a blockquote. */
static bool is_quotation(const xmlNode *node)
{
    return strcmp((const char *)node->name, "blockquote") == 0 ||
           attribute_has(node, "class", "gmail_quote") ||
           attribute_has(node, "class", "yahoo_quoted") ||
           attribute_has(node, "class", "moz-cite-prefix") ||
           attribute_has(node, "id", "divRplyFwdMsg") || attribute_has(node, "id", "appendonsend");
}

/* Those that write no "-- " in front. */
static bool is_signature(const xmlNode *node)
{
    return attribute_has(node, "class", "gmail_signature") ||
           attribute_has(node, "class", "moz-signature") ||
           attribute_has(node, "id", "Signature") ||
           attribute_has(node, "id", "outlook-mobile-signature");
}

static void add_nodes(struct reading *reading, const xmlNode *node, int depth)
{
    for (; node && depth < HTML_DEPTH; node = node->next) {
        bool is_block, is_quote;

        if (node->type == XML_TEXT_NODE && node->content)
            add_text(reading, (const char *)node->content);
        if (node->type != XML_ELEMENT_NODE || is_one_of(node, HIDDEN))
            continue;
        is_block = is_one_of(node, BLOCKS);
        is_quote = is_quotation(node);
        if (is_block || is_quote)
            begin_line(reading);
        if (is_signature(node)) {
            begin_line(reading);
            add_text(reading, "--");
            begin_line(reading);
        }
        /* Two in a row are an empty line. */
        if (strcmp((const char *)node->name, "br") == 0 && node->prev && node->prev->name &&
            strcmp((const char *)node->prev->name, "br") == 0)
            buffer_add_char(reading->out, '\n');
        reading->quotes += is_quote;
        add_nodes(reading, node->children, depth + 1);
        reading->quotes -= is_quote;
        if (is_block || is_quote)
            begin_line(reading);
    }
}

struct view mail_text_of_html(struct view html, struct arena *arena)
{
    struct buffer text;
    struct reading reading = {.out = &text};
    struct view result;
    htmlDocPtr document;

    if (is_blank(html))
        return (struct view){0};
    document = htmlReadMemory(html.data, (int)html.size, NULL, "UTF-8",
                              HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                                  HTML_PARSE_NONET | HTML_PARSE_NOIMPLIED);
    if (!document)
        return (struct view){0};
    buffer_init(&text, 4 * MAIL_BYTES);
    add_nodes(&reading, document->children, 0);
    result = arena_copy(arena, buffer_view(&text));
    buffer_free(&text);
    xmlFreeDoc(document);
    return result;
}

/* ---- what is not the writer's own ---- */

/* "wrote:" as mail programs say it. */
static const char *const WROTE[] = {
    "wrote:", "wrote :", "writes:", "schrieb", "écrit", "escribió", "ha scritto", "scrisse",
    "schreef", "escreveu", "skrev", "pisze", "napisał", "napsal", "пишет", "написал", "писал",
    "写道", "寫道", "님이 작성", "kirjoitti", "yazdı", "írta", "a scris",
    "さんは書きました", "viết", "έγραψε", NULL,
};
/* How they begin. */
static const char *const OPENERS[] = {"on ", "am ", "le ", "el ", "il ", "op ", "em ", "den ", "w dniu ",
                                      "dne ", "в ", "на ", NULL};
/* Lines that stand above a quotation in Outlook's way. */
static const char *const HEADS[] = {"from:", "sent:", "to:", "subject:", "date:", "cc:", "von:",
                                    "gesendet:", "an:", "betreff:", "datum:", "de :", "de:", "envoyé :",
                                    "à :", "objet :", "enviado:", "para:", "asunto:", "da:",
                                    "inviato:", "a:", "oggetto:", "发件人:", "发送时间:", "收件人:",
                                    "主题:", "发件人：", "发送时间：", "收件人：", "主题：", "差出人:",
                                    "送信日時:", "宛先:", "件名:", "от:", "кому:", "тема:", NULL};
static const char *const DEVICES[] = {"sent from my ", "get outlook for ", "sent from mail for ",
                                      "sent from yahoo mail", "sent from proton mail",
                                      "sent via ", "von meinem ", "envoyé de mon ",
                                      "enviado desde mi ", "inviato da ", NULL};

static bool starts_with_any(struct view line, const char *const starts[])
{
    for (size_t i = 0; starts[i]; i++)
        if (view_starts_with_nocase(line, view_of(starts[i])))
            return true;
    return false;
}

static bool has_digit(struct view text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] >= '0' && text.data[i] <= '9')
            return true;
    return false;
}

/* "On Tue, 17 Feb 2026 at 07:30, Paperboy <…> wrote:", in one line or several. */
static bool is_attribution(struct view text)
{
    text = view_trim(text);
    if (!view_ends_with(text, VIEW(":")) && !view_ends_with(text, VIEW("：")))
        return false;
    if (!has_digit(text) && view_find_char(text, '@', 0) == text.size)
        return false;
    for (size_t i = 0; WROTE[i]; i++)
        if (view_find(text, view_of(WROTE[i]), 0) < text.size)
            return true;
    return false;
}

static size_t run_of(struct view line, char character)
{
    size_t count = 0;

    while (count < line.size && line.data[count] == character)
        count++;
    return count;
}

/* "-----Original Message-----", "________________", "Begin forwarded message:". */
static bool is_separator(struct view line)
{
    size_t dashes = run_of(line, '-');

    if (run_of(line, '_') >= 10 || run_of(line, '=') >= 10)
        return true;
    if (dashes >= 4 && view_ends_with(line, VIEW("----")))
        return true;
    return view_starts_with_nocase(line, VIEW("begin forwarded message")) ||
           view_starts_with_nocase(line, VIEW("*from:*"));
}

/* Two such lines one below the other are no person's. */
static bool is_quoted_head(struct view line, struct view rest)
{
    struct view next;
    size_t heads = 0;

    if (!starts_with_any(line, HEADS))
        return false;
    for (size_t i = 0; i < 3 && view_next_line(&rest, &next); i++)
        heads += starts_with_any(view_trim(next), HEADS);
    return heads > 0;
}

static bool is_end(struct view text, struct view line, struct view rest)
{
    struct view bare = view_trim(line), ahead = rest, next;
    size_t end = (size_t)(line.data + line.size - text.data), from = (size_t)(line.data - text.data);

    if (view_equal_string(line, "-- ") || view_equal_string(line, "--") ||
        view_equal_string(line, "--\xC2\xA0") || is_separator(bare) ||
        view_starts_with(bare, VIEW(">")) || starts_with_any(bare, DEVICES) ||
        is_attribution(bare) || is_quoted_head(bare, rest))
        return true;
    /* An attribution in two or three lines, which an empty line would end. A line that is
     * one by itself may stand directly below a command. */
    for (size_t i = 0; i < 2 && bare.size && view_next_line(&ahead, &next) && !is_blank(next); i++) {
        end = (size_t)(next.data + next.size - text.data);
        if (is_attribution(view_slice(text, from, end)) &&
            (!is_attribution(next) || starts_with_any(bare, OPENERS)))
            return true;
    }
    return false;
}

struct view mail_text_own(struct view text, struct arena *arena)
{
    struct view rest = text, line;

    (void)arena;
    while (view_next_line(&rest, &line))
        if (line.data && is_end(text, line, rest))
            return view_slice(text, 0, (size_t)(line.data - text.data));
    return text;
}

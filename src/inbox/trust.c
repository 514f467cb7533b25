#include "inbox/trust.h"

#include <libpsl.h>
#include <string.h>

#include "base/utf8.h"
#include "subscribers/address.h"

/* ---- domains ---- */

/* RFC 7489 3.2, by the list of public suffixes that libpsl brings. */
static bool is_aligned(struct arena *arena, struct view from, struct view domain)
{
    const psl_ctx_t *list = psl_builtin();
    const char *own = arena_string(arena, from), *other = arena_string(arena, domain);
    const char *own_base, *other_base;

    if (!domain.size)
        return false;
    if (view_equal_nocase(from, domain))
        return true;
    if (!list)
        return false;
    own_base = psl_registrable_domain(list, own);
    other_base = psl_registrable_domain(list, other);
    return own_base && other_base && view_equal_nocase(view_of(own_base), view_of(other_base));
}

/* Of "ada@example.org", "@example.org" or "example.org". */
static struct view domain_of(struct arena *arena, struct view value)
{
    size_t at = view_find_char(value, '@', 0);

    return arena_lower(arena, at < value.size ? view_slice(value, at + 1, value.size) : value);
}

/* ---- the field (RFC 8601 2.2) ---- */

/* Without comments and quotes: neither may hide a separator from us or fake one. */
static struct view without_comments(struct arena *arena, struct view value)
{
    char *out = arena_alloc(arena, value.size + 1, 1);
    size_t size = 0;
    int depth = 0;
    bool is_quoted = false;

    for (size_t i = 0; i < value.size; i++) {
        char character = value.data[i];

        if (character == '\\' && (is_quoted || depth)) {
            i++;
        } else if (is_quoted) {
            is_quoted = character != '"';
            /* What is quoted is a value and no more. */
            if (is_quoted)
                out[size++] = strchr("; \t=()", character) ? '_' : character;
        } else if (character == '(') {
            depth++;
        } else if (character == ')') {
            depth -= depth > 0;
        } else if (!depth && character == '"') {
            is_quoted = true;
        } else if (!depth) {
            out[size++] = character;
        }
    }
    return (struct view){out, size};
}

static bool next_word(struct view *rest, struct view *ret_word)
{
    size_t end = 0;

    *rest = view_trim(*rest);
    while (end < rest->size && rest->data[end] != ' ' && rest->data[end] != '\t')
        end++;
    *ret_word = view_slice(*rest, 0, end);
    *rest = view_slice(*rest, end, rest->size);
    return end > 0;
}

/* The value of `name=value` among the words; empty: none. */
static struct view property(struct view result, const char *name)
{
    struct view word;

    while (next_word(&result, &word)) {
        size_t equals = view_find_char(word, '=', 0);

        if (equals < word.size &&
            view_equal_nocase(view_slice(word, 0, equals), view_of(name)))
            return view_slice(word, equals + 1, word.size);
    }
    return (struct view){0};
}

/* "dkim = pass" is allowed, too. */
static struct view without_blanks_at_equals(struct arena *arena, struct view value)
{
    char *out = arena_alloc(arena, value.size + 1, 1);
    size_t size = 0;

    for (size_t i = 0; i < value.size; i++) {
        bool is_blank = value.data[i] == ' ' || value.data[i] == '\t';
        struct view ahead = view_trim(view_slice(value, i, value.size));

        if (is_blank && ((size && out[size - 1] == '=') || (ahead.size && ahead.data[0] == '=')))
            continue;
        out[size++] = value.data[i];
    }
    return (struct view){out, size};
}

/* The method comes first; what follows are the sender's own values. */
static bool passes(struct view result, const char *method)
{
    struct view word;

    return next_word(&result, &word) &&
           view_equal_nocase(property(word, method), VIEW("pass"));
}

static bool result_vouches(struct arena *arena, struct view result, struct view domain,
                           struct view *ret_why)
{
    if (passes(result, "dmarc")) {
        struct view of = domain_of(arena, property(result, "header.from"));

        *ret_why = VIEW("dmarc=pass");
        return view_equal_nocase(of, domain);
    }
    if (passes(result, "dkim")) {
        struct view of = property(result, "header.d");

        if (!of.size)
            of = property(result, "header.i");
        *ret_why = VIEW("an aligned dkim=pass");
        return is_aligned(arena, domain, domain_of(arena, of));
    }
    if (passes(result, "spf")) {
        *ret_why = VIEW("an aligned spf=pass");
        return is_aligned(arena, domain,
                          domain_of(arena, property(result, "smtp.mailfrom")));
    }
    return false;
}

static struct view told(struct arena *arena, const char *why, struct view detail)
{
    struct buffer text;
    struct view result;

    buffer_init(&text, 2048);
    buffer_printf(&text, "%s%.*s", why, VIEW_ARGUMENTS(utf8_prefix(detail, 500)));
    result = arena_copy(arena, buffer_view(&text));
    buffer_free(&text);
    return result;
}

static bool vouches(const struct mail *mail, struct view from, struct view authserv_id,
                    struct arena *arena, struct view *ret_why)
{
    const struct mail_field *field = mail_find(&mail->fields, "Authentication-Results");
    struct view domain = arena_lower(arena, address_domain(from)), rest, part, word, why;

    if (!authserv_id.size) {
        *ret_why = VIEW("inbox.authserv_id is not configured");
        return false;
    }
    rest = field ? without_blanks_at_equals(arena, without_comments(arena, field->value))
                 : (struct view){0};
    if (!domain.size || !view_next_part(&rest, ';', &part) || !next_word(&part, &word) ||
        !view_equal_nocase(word, authserv_id)) {
        *ret_why = told(arena, "its first Authentication-Results is not of ", authserv_id);
        return false;
    }
    while (view_next_part(&rest, ';', &part))
        if (result_vouches(arena, part, domain, &why)) {
            *ret_why = why;
            return true;
        }
    *ret_why = told(arena, "neither DMARC nor an aligned DKIM or SPF vouches for ", domain);
    return false;
}

bool trust_is_authentic(const struct mail *mail, struct view from, struct view authserv_id,
                        struct arena *arena, struct view *ret_why)
{
    struct view why;
    bool is_authentic = vouches(mail, from, authserv_id, arena, &why);

    if (ret_why)
        *ret_why = why;
    return is_authentic;
}

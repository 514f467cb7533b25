#include <libetpan/libetpan.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "inbox/mail_parts.h"
#include "subscribers/address.h"

/* ---- fields ---- */

/* The name of a line that begins a field; blanks before the colon are an old custom
 * (RFC 5322 4.5). Empty: it begins none. */
static struct view field_name(struct view line)
{
    size_t colon = view_find_char(line, ':', 0);
    struct view name = view_trim(view_slice(line, 0, colon));

    if (colon == line.size || !colon || line.data[0] == ' ' || line.data[0] == '\t')
        return (struct view){0};
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] <= ' ' || name.data[i] >= 0x7F)
            return (struct view){0};
    return name;
}

static bool is_folded(struct view line)
{
    return line.size && (line.data[0] == ' ' || line.data[0] == '\t');
}

/* Not of the text with its encoded words decoded: what is in one would become syntax. A byte
 * above 0x7F stands for itself, as in Latin-1, and every other one stays where it is. */
static struct view as_utf8(struct arena *arena, struct view value)
{
    char *text = arena_alloc(arena, value.size * 2 + 1, 1);
    size_t size = 0;

    for (size_t i = 0; i < value.size; i++) {
        unsigned char byte = (unsigned char)value.data[i];

        if (byte >= 0xA0) {
            text[size++] = (char)(0xC0 | byte >> 6);
            text[size++] = (char)(0x80 | (byte & 0x3F));
        } else {
            text[size++] = byte >= 0x80 ? '?' : value.data[i];
        }
    }
    return (struct view){text, size};
}

static void end_field(struct arena *arena, struct buffer *value, struct mail_fields *fields)
{
    struct mail_field *field;

    if (!fields->count)
        return;
    field = &fields->items[fields->count - 1];
    if (field->value.data)
        return;
    field->value = arena_copy(arena, view_trim(buffer_view(value)));
    field->text = mail_decode_words(arena, field->value);
    if (!utf8_is_valid(field->value))
        field->value = as_utf8(arena, field->value);
}

static size_t count_fields(struct view text)
{
    struct view line;
    size_t count = 0;

    while (view_next_line(&text, &line) && line.size)
        count += field_name(line).size > 0;
    return count < MAIL_FIELDS ? count : MAIL_FIELDS;
}

/* A line that is neither a field nor folded, as the "From " of an mbox, is passed over. */
void mail_read_fields(struct view text, struct arena *arena, struct mail_fields *ret_fields,
                      struct view *ret_rest)
{
    size_t room = count_fields(text);
    struct buffer value;
    struct view line;
    bool goes_on = false;

    *ret_fields = (struct mail_fields){arena_alloc(arena, room, sizeof(*ret_fields->items)), 0};
    buffer_init(&value, text.size + 1);
    while (view_next_line(&text, &line) && line.size) {
        struct view name = field_name(line);

        if (name.size && ret_fields->count < room) {
            end_field(arena, &value, ret_fields);
            ret_fields->items[ret_fields->count++].name = arena_copy(arena, name);
            buffer_clear(&value);
            buffer_add_view(&value, view_slice(line, view_find_char(line, ':', 0) + 1, line.size));
            goes_on = true;
        } else if (goes_on && is_folded(line)) {
            buffer_add_char(&value, ' ');
            buffer_add_view(&value, view_trim(line));
        } else {
            goes_on = false;
        }
    }
    end_field(arena, &value, ret_fields);
    buffer_free(&value);
    if (ret_rest)
        *ret_rest = text;
}

const struct mail_field *mail_find(const struct mail_fields *fields, const char *name)
{
    for (size_t i = 0; i < fields->count; i++)
        if (view_equal_nocase(fields->items[i].name, view_of(name)))
            return &fields->items[i];
    return NULL;
}

struct view mail_value(const struct mail_fields *fields, const char *name)
{
    const struct mail_field *field = mail_find(fields, name);

    return field ? field->value : (struct view){0};
}

size_t mail_count(const struct mail_fields *fields, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < fields->count; i++)
        count += view_equal_nocase(fields->items[i].name, view_of(name));
    return count;
}

/* ---- addresses ---- */

struct taking {
    struct arena *arena;
    struct mail_address *addresses;
    size_t count, max;
    size_t unusable; /* those that are left out */
};

static void take_mailbox(struct taking *taking, const struct mailimf_mailbox *mailbox)
{
    char *canonical;

    if (taking->count == taking->max || !mailbox->mb_addr_spec ||
        address_check(view_trim(view_of(mailbox->mb_addr_spec)), NULL) < 0) {
        taking->unusable++;
        return;
    }
    canonical = address_canonical(view_trim(view_of(mailbox->mb_addr_spec)));
    taking->addresses[taking->count++] = (struct mail_address){
        mail_decode_words(taking->arena, view_of(mailbox->mb_display_name)),
        arena_copy(taking->arena, view_of(canonical))};
    free(canonical);
}

static void take_group(struct taking *taking, const struct mailimf_group *group)
{
    if (!group->grp_mb_list)
        return;
    for (clistiter *at = clist_begin(group->grp_mb_list->mb_list); at; at = clist_next(at))
        take_mailbox(taking, clist_content(at));
}

/* The length of what was read as addresses. */
static size_t take_addresses(struct taking *taking, struct view value)
{
    struct mailimf_address_list *list = NULL;
    const char *text = arena_string(taking->arena, value);
    size_t at = 0;

    if (mailimf_address_list_parse(text, value.size, &at, &list) != MAILIMF_NO_ERROR)
        return 0;
    for (clistiter *item = clist_begin(list->ad_list); item; item = clist_next(item)) {
        const struct mailimf_address *address = clist_content(item);

        if (address->ad_type == MAILIMF_ADDRESS_MAILBOX)
            take_mailbox(taking, address->ad_data.ad_mailbox);
        else if (address->ad_type == MAILIMF_ADDRESS_GROUP)
            take_group(taking, address->ad_data.ad_group);
    }
    mailimf_address_list_free(list);
    /* Comments and blanks behind them. */
    mailimf_cfws_parse(text, value.size, &at);
    return at;
}

size_t mail_addresses(struct view value, struct arena *arena, struct mail_address *ret_addresses,
                      size_t max)
{
    struct taking taking = {arena, ret_addresses, 0, max < MAIL_ADDRESSES ? max : MAIL_ADDRESSES,
                            0};

    take_addresses(&taking, value);
    return taking.count;
}

bool mail_one_address(struct view value, struct arena *arena, struct mail_address *ret_address)
{
    struct mail_address found[2];
    struct taking taking = {arena, found, 0, 2, 0};
    size_t end = take_addresses(&taking, view_trim(value));

    if (taking.count != 1 || taking.unusable || end < view_trim(value).size)
        return false;
    *ret_address = found[0];
    return true;
}

/* ---- ids ---- */

static bool is_usable_id(struct view id)
{
    size_t at = view_find_char(id, '@', 0);

    if (!at || at + 1 >= id.size || id.size > 250)
        return false;
    for (size_t i = 0; i < id.size; i++)
        if (id.data[i] <= ' ' || id.data[i] >= 0x7F || strchr("<>\"(),;:\\[]", id.data[i]))
            return false;
    return true;
}

size_t mail_ids(struct view value, struct view *ret_ids, size_t max)
{
    size_t count = 0, close;

    for (size_t open = view_find_char(value, '<', 0); open < value.size && count < max;
         open = view_find_char(value, '<', close)) {
        struct view id;

        close = view_find_char(value, '>', open);
        if (close == value.size)
            break;
        id = view_trim(view_slice(value, open + 1, close));
        if (is_usable_id(id))
            ret_ids[count++] = id;
    }
    return count;
}

/* ---- parameters ---- */

/* Up to the next semicolon that no quotes enclose. */
static size_t parameter_end(struct view value, size_t at)
{
    bool is_quoted = false;

    for (; at < value.size && (is_quoted || value.data[at] != ';'); at++) {
        if (value.data[at] == '\\' && is_quoted)
            at++;
        else if (value.data[at] == '"')
            is_quoted = !is_quoted;
    }
    return at < value.size ? at : value.size;
}

struct view mail_parameter(struct view value, const char *name)
{
    size_t at = parameter_end(value, 0);

    while (at < value.size) {
        size_t end = parameter_end(value, at + 1);
        struct view part = view_slice(value, at + 1, end);
        size_t equals = view_find_char(part, '=', 0);
        struct view found = view_trim(view_slice(part, equals + 1, part.size));

        if (equals < part.size &&
            view_equal_nocase(view_trim(view_slice(part, 0, equals)), view_of(name))) {
            if (found.size > 1 && found.data[0] == '"' && found.data[found.size - 1] == '"')
                found = view_slice(found, 1, found.size - 1);
            return found;
        }
        at = end;
    }
    return (struct view){0};
}

/* Fields as RFC 3464 2 has them, as they are found: in the part made for them, in a part
 * of another type, or in the middle of a text. */
#include <stdlib.h>
#include <string.h>

#include "inbox/bounce_parts.h"
#include "subscribers/address.h"

/* ---- one field ---- */

struct field {
    struct view name;
    struct view value; /* unfolded */
    bool after_blank;  /* an empty line was before it */
};

static size_t name_end(struct view line)
{
    size_t end = 0;

    while (end < line.size && line.data[end] > ' ' && line.data[end] < 0x7F &&
           line.data[end] != ':')
        end++;
    while (end < line.size && (line.data[end] == ' ' || line.data[end] == '\t'))
        end++;
    return end;
}

/* `line` without the white space that a program put before all of them. */
static bool field_begins(struct view line, struct view *ret_name, struct view *ret_value)
{
    size_t end = name_end(line);

    if (!end || end >= line.size || line.data[end] != ':' || line.data[0] == ' ' ||
        line.data[0] == '\t')
        return false;
    *ret_name = view_trim(view_slice(line, 0, end));
    *ret_value = view_trim(view_slice(line, end + 1, line.size));
    return true;
}

/* A field's lines as one. What is not indented and is no field belongs to the field
 * before it only when there is no empty line between them. */
static bool next_field(struct view *rest, struct arena *arena, struct field *ret_field)
{
    struct view line, ahead, name, value;
    struct buffer text;

    ret_field->after_blank = false;
    do {
        if (!view_next_line(rest, &line))
            return false;
        ret_field->after_blank |= !view_trim(line).size;
    } while (!field_begins(line, &ret_field->name, &value));
    buffer_init(&text, 2 * MAIL_BYTES);
    buffer_add_view(&text, value);
    for (ahead = *rest; view_next_line(&ahead, &line) && view_trim(line).size &&
                        !field_begins(line, &name, &value);
         *rest = ahead) {
        buffer_add_char(&text, ' ');
        buffer_add_view(&text, view_trim(line));
    }
    ret_field->value = arena_copy(arena, view_trim(buffer_view(&text)));
    buffer_free(&text);
    return true;
}

struct view bounce_field(struct view text, const char *name, struct arena *arena)
{
    struct field field;

    while (next_field(&text, arena, &field))
        if (view_equal_nocase(field.name, view_of(name)))
            return field.value;
    return (struct view){0};
}

/* ---- values ---- */

/* Without "rfc822;", comments and brackets (RFC 3464 2.3.1, RFC 6533 3). */
struct view bounce_address(struct view value, struct arena *arena)
{
    size_t semicolon = view_find_char(value, ';', 0), open;
    struct view address = value, result = {0};
    char *canonical;

    if (semicolon < value.size && semicolon < view_find_char(value, '@', 0))
        address = view_slice(value, semicolon + 1, value.size);
    open = view_find_char(address, '<', 0);
    if (open < address.size)
        address = view_slice(address, open + 1, view_find_char(address, '>', open));
    address = view_trim(view_slice(address, 0, view_find_char(address, '(', 0)));
    if (address_check(address, NULL) < 0)
        return result;
    canonical = address_canonical(address);
    result = arena_copy(arena, view_of(canonical));
    free(canonical);
    return result;
}

static bool take_action(struct view value, enum bounce_action *ret_action)
{
    /* Some write more words, and some others for the same. */
    static const struct {
        const char *begin;
        enum bounce_action action;
    } ACTIONS[] = {
        {"fail", BOUNCE_FAILED}, {"delay", BOUNCE_DELAYED}, {"deliver", BOUNCE_DELIVERED},
        {"relay", BOUNCE_RELAYED}, {"expand", BOUNCE_EXPANDED}, {"expire", BOUNCE_FAILED},
        {"reject", BOUNCE_FAILED}, {"undeliver", BOUNCE_FAILED}, {"bounce", BOUNCE_FAILED},
        {"error", BOUNCE_FAILED}, {"success", BOUNCE_DELIVERED}, {"temp", BOUNCE_DELAYED},
    };

    for (size_t i = 0; i < sizeof(ACTIONS) / sizeof(*ACTIONS); i++)
        if (view_starts_with_nocase(value, view_of(ACTIONS[i].begin))) {
            *ret_action = ACTIONS[i].action;
            return true;
        }
    return false;
}

/* "5.1.1 (why)": the number and what is said behind it. */
static void take_status(struct view value, struct bounce_note *note)
{
    size_t end = 0, dots = 0;

    while (end < value.size &&
           ((value.data[end] >= '0' && value.data[end] <= '9') || value.data[end] == '.'))
        dots += value.data[end++] == '.';
    if (dots != 2 || end < 5 || end > 9 || !strchr("245", value.data[0]) ||
        value.data[1] != '.' || value.data[end - 1] == '.' || value.data[2] == '.')
        return;
    note->status = view_slice(value, 0, end);
    value = view_trim(view_slice(value, end, value.size));
    if (value.size > 1 && value.data[0] == '(')
        value = view_slice(value, 1, value.size - (value.data[value.size - 1] == ')'));
    note->comment = view_trim(value);
}

/* Without its type, which some leave out. */
static struct view diagnostic_of(struct view value)
{
    size_t semicolon = view_find_char(value, ';', 0);

    for (size_t i = 0; i < semicolon; i++)
        if (value.data[i] <= ' ')
            return value;
    return semicolon < value.size ? view_trim(view_slice(value, semicolon + 1, value.size)) : value;
}

/* ---- all of them ---- */

enum member { FINAL, ORIGINAL, ACTUAL, ACTION, STATUS, DIAGNOSTIC, MEMBERS };

static const char *const NAMES[MEMBERS] = {"Final-Recipient", "Original-Recipient",
                                           "X-Actual-Recipient", "Action", "Status",
                                           "Diagnostic-Code"};

struct group {
    struct view addresses[ACTUAL + 1];
    bool has[MEMBERS];
    struct bounce_note note;
};

static enum member member_of(struct view name)
{
    int member = 0;

    while (member < MEMBERS && !view_equal_nocase(name, view_of(NAMES[member])))
        member++;
    return (enum member)member;
}

static bool is_whole(const struct group *group)
{
    return (group->has[FINAL] || group->has[ORIGINAL]) &&
           (group->has[ACTION] || group->has[STATUS] || group->has[DIAGNOSTIC]);
}

/* A field that the group has begins the next one, and so does a recipient behind an empty
 * line when the group before it has what a group needs. */
static bool begins_group(const struct group *group, enum member member, bool after_blank)
{
    if (member == DIAGNOSTIC)
        return group->has[member] && after_blank && is_whole(group);
    return group->has[member] || (after_blank && member <= ORIGINAL && is_whole(group));
}

static void end_group(struct group *group, struct bounce_notes *notes)
{
    struct bounce_note *note;
    struct view address = group->addresses[FINAL];

    if (!address.size)
        address = group->addresses[ORIGINAL].size ? group->addresses[ORIGINAL]
                                                  : group->addresses[ACTUAL];
    if (is_whole(group) && (note = bounce_note_add(notes, address)) != NULL) {
        group->note.address = address;
        *note = group->note;
    }
    *group = (struct group){0};
}

static void take_member(struct group *group, enum member member, struct view value,
                        struct arena *arena)
{
    group->has[member] = true;
    if (member <= ACTUAL)
        group->addresses[member] = bounce_address(value, arena);
    else if (member == ACTION)
        group->note.has_action = take_action(value, &group->note.action);
    else if (member == STATUS)
        take_status(value, &group->note);
    else if (!group->note.text.size)
        group->note.text = diagnostic_of(value);
}

void bounce_fields_read(struct view text, struct arena *arena, struct bounce_notes *notes)
{
    struct group group = {0};
    struct field field;
    bool after_blank = false;

    while (next_field(&text, arena, &field)) {
        enum member member = member_of(field.name);

        after_blank |= field.after_blank;
        if (member == MEMBERS)
            continue;
        if (begins_group(&group, member, after_blank))
            end_group(&group, notes);
        take_member(&group, member, field.value, arena);
        after_blank = false;
    }
    end_group(&group, notes);
}

#include <jansson.h>
#include <stddef.h>
#include <stdlib.h>

#include "inbox/finding.h"
#include "subscribers/address.h"

/* ---- writing ---- */

static json_t *text_of(struct view text)
{
    return json_stringn(text.data ? text.data : "", text.size);
}

static json_t *texts_of(const struct view *items, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, text_of(items[i]));
    return array;
}

static json_t *recipient_of(const struct bounce_recipient *recipient)
{
    json_t *object = json_object();

    json_object_set_new(object, "address", text_of(recipient->address));
    json_object_set_new(object, "action", json_string(bounce_action_name(recipient->action)));
    json_object_set_new(object, "status", text_of(recipient->status));
    json_object_set_new(object, "permanent", json_boolean(recipient->permanent));
    json_object_set_new(object, "reason", json_string(reason_name(recipient->reason)));
    return object;
}

static void dump(json_t *object, struct buffer *ret_json)
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);

    buffer_add_string(ret_json, text ? text : "{}");
    buffer_add_char(ret_json, '\n');
    free(text);
    json_decref(object);
}

void finding_explain(const struct finding *finding, struct buffer *ret_json)
{
    json_t *object = json_object();

    json_object_set_new(object, "kind", json_string(finding_kind_name(finding->kind)));
    json_object_set_new(object, "from", text_of(finding->from));
    json_object_set_new(object, "why", text_of(finding->why));
    if (finding->kind == FINDING_COMMAND) {
        json_t *commands = json_array();

        for (size_t i = 0; i < finding->commands.count; i++) {
            const struct mail_command *command = &finding->commands.items[i];
            json_t *item = json_object();

            json_object_set_new(item, "name", json_string(mail_command_name(command->name)));
            json_object_set_new(item, "arguments",
                                texts_of(command->arguments, command->argument_count));
            json_array_append_new(commands, item);
        }
        json_object_set_new(object, "commands", commands);
    }
    if (finding->kind == FINDING_BOUNCE || finding->kind == FINDING_COMPLAINT) {
        json_t *recipients = json_array();

        for (size_t i = 0; i < finding->bounce.recipient_count; i++)
            json_array_append_new(recipients, recipient_of(&finding->bounce.recipients[i]));
        json_object_set_new(object, "recipients", recipients);
    }
    if (finding->kind == FINDING_COMPLAINT)
        json_object_set_new(object, "feedback_type", text_of(finding->bounce.feedback_type));
    dump(object, ret_json);
}

/* ---- all of it, for the parent ---- */

/* Members that are texts, lists of texts or truths, by their place. */
#define MEMBER(member) {#member, offsetof(struct finding, member)}
struct member {
    const char *key;
    size_t offset;
};
static const struct member TEXTS[] = {
    MEMBER(from), MEMBER(from_name), MEMBER(why), MEMBER(subject), MEMBER(message_id),
    MEMBER(authentic_why), MEMBER(unanswerable_why), MEMBER(bounce.feedback_type),
};
static const struct member TRUTHS[] = {
    MEMBER(is_authentic), MEMBER(is_answerable), MEMBER(is_reply), MEMBER(is_cut),
    MEMBER(commands.is_cut),
};
static const struct {
    const char *key;
    size_t items, count; /* their places */
    size_t max;
} LISTS[] = {
    {"references", offsetof(struct finding, references), offsetof(struct finding, reference_count),
     FINDING_REFERENCES},
    {"recipients", offsetof(struct finding, recipients), offsetof(struct finding, recipient_count),
     FINDING_RECIPIENTS},
    {"returned_ids", offsetof(struct finding, bounce.returned_ids),
     offsetof(struct finding, bounce.returned_id_count), BOUNCE_IDS},
};
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const void *member_of(const struct finding *finding, size_t offset)
{
    return (const char *)finding + offset;
}

static void *member_in(struct finding *finding, size_t offset)
{
    return (char *)finding + offset;
}

static json_t *command_object(const struct mail_command *command)
{
    json_t *object = json_object(), *begins = json_array();

    for (size_t i = 0; i < command->argument_count; i++)
        json_array_append_new(begins, json_boolean(command->begins_item[i]));
    json_object_set_new(object, "name", json_string(mail_command_name(command->name)));
    json_object_set_new(object, "arguments", texts_of(command->arguments, command->argument_count));
    json_object_set_new(object, "begins", begins);
    json_object_set_new(object, "rest", text_of(command->rest));
    json_object_set_new(object, "line", text_of(command->line));
    json_object_set_new(object, "nearest", json_string(command->nearest ? command->nearest : ""));
    return object;
}

void finding_write(const struct finding *finding, struct buffer *ret_json)
{
    json_t *object = json_object(), *commands = json_array(), *failures = json_array();

    json_object_set_new(object, "kind", json_integer(finding->kind));
    json_object_set_new(object, "date", json_integer(finding->date_utc));
    json_object_set_new(object, "noted", json_integer((json_int_t)finding->noted_count));
    for (size_t i = 0; i < COUNT(TEXTS); i++)
        json_object_set_new(object, TEXTS[i].key,
                            text_of(*(const struct view *)member_of(finding, TEXTS[i].offset)));
    for (size_t i = 0; i < COUNT(TRUTHS); i++)
        json_object_set_new(object, TRUTHS[i].key,
                            json_boolean(*(const bool *)member_of(finding, TRUTHS[i].offset)));
    for (size_t i = 0; i < COUNT(LISTS); i++)
        json_object_set_new(
            object, LISTS[i].key,
            texts_of(*(struct view *const *)member_of(finding, LISTS[i].items),
                     *(const size_t *)member_of(finding, LISTS[i].count)));
    for (size_t i = 0; i < finding->commands.count; i++)
        json_array_append_new(commands, command_object(&finding->commands.items[i]));
    json_object_set_new(object, "commands", commands);
    for (size_t i = 0; i < finding->bounce.recipient_count; i++) {
        const struct bounce_recipient *recipient = &finding->bounce.recipients[i];
        json_t *item = recipient_of(recipient);

        json_object_set_new(item, "text", text_of(recipient->text));
        json_array_append_new(failures, item);
    }
    json_object_set_new(object, "failures", failures);
    dump(object, ret_json);
}

/* ---- and back ---- */

/* Each is false when the value is not what it should be. */
static bool take_text(const json_t *value, struct arena *arena, struct view *ret_text)
{
    if (!json_is_string(value))
        return false;
    *ret_text = arena_copy(arena, (struct view){json_string_value(value),
                                                json_string_length(value)});
    return true;
}

static bool take_texts(const json_t *array, size_t max, struct arena *arena,
                       struct view **ret_items, size_t *ret_count)
{
    size_t count = json_array_size(array);

    if (!json_is_array(array) || count > max)
        return false;
    *ret_items = arena_alloc(arena, count + 1, sizeof(**ret_items));
    for (*ret_count = 0; *ret_count < count; ++*ret_count)
        if (!take_text(json_array_get(array, *ret_count), arena, &(*ret_items)[*ret_count]))
            return false;
    return true;
}

static bool take_integer(const json_t *value, int64_t *ret_integer)
{
    *ret_integer = json_integer_value(value);
    return json_is_integer(value);
}

static bool take_truth(const json_t *value, bool *ret_truth)
{
    *ret_truth = json_is_true(value);
    return json_is_boolean(value);
}

static bool take_command(const json_t *object, struct arena *arena, struct mail_command *command)
{
    const json_t *begins = json_object_get(object, "begins");
    struct view name, nearest;

    if (!take_text(json_object_get(object, "name"), arena, &name) ||
        !mail_command_name_parse(name, &command->name) ||
        !take_texts(json_object_get(object, "arguments"), COMMAND_ARGUMENTS_MAX, arena,
                    &command->arguments, &command->argument_count) ||
        json_array_size(begins) != command->argument_count ||
        !take_text(json_object_get(object, "rest"), arena, &command->rest) ||
        !take_text(json_object_get(object, "line"), arena, &command->line) ||
        !take_text(json_object_get(object, "nearest"), arena, &nearest) ||
        command->rest.size > COMMAND_LINE_BYTES || command->line.size > COMMAND_LINE_BYTES)
        return false;
    command->begins_item = arena_alloc(arena, command->argument_count + 1, sizeof(bool));
    for (size_t i = 0; i < command->argument_count; i++)
        if (!take_truth(json_array_get(begins, i), &command->begins_item[i]))
            return false;
    if (nearest.size) {
        enum mail_command_name of;

        if (!mail_command_name_parse(nearest, &of))
            return false;
        command->nearest = mail_command_name(of);
    }
    return true;
}

static bool take_commands(const json_t *array, struct arena *arena, struct mail_commands *list)
{
    size_t count = json_array_size(array);

    if (!json_is_array(array) || count > COMMANDS_MAX)
        return false;
    list->items = arena_alloc(arena, count + 1, sizeof(*list->items));
    for (list->count = 0; list->count < count; list->count++)
        if (!take_command(json_array_get(array, list->count), arena, &list->items[list->count]))
            return false;
    return true;
}

static bool take_action(struct view name, enum bounce_action *ret_action)
{
    for (int i = 0; i <= BOUNCE_EXPANDED; i++)
        if (view_equal_string(name, bounce_action_name((enum bounce_action)i))) {
            *ret_action = (enum bounce_action)i;
            return true;
        }
    return false;
}

static bool take_failure(const json_t *object, struct arena *arena,
                         struct bounce_recipient *recipient)
{
    struct view action, reason;

    return take_text(json_object_get(object, "address"), arena, &recipient->address) &&
           take_text(json_object_get(object, "action"), arena, &action) &&
           take_action(action, &recipient->action) &&
           take_text(json_object_get(object, "status"), arena, &recipient->status) &&
           take_truth(json_object_get(object, "permanent"), &recipient->permanent) &&
           take_text(json_object_get(object, "reason"), arena, &reason) &&
           reason_parse(reason, &recipient->reason) &&
           take_text(json_object_get(object, "text"), arena, &recipient->text);
}

static bool take_failures(const json_t *array, struct arena *arena, struct bounce *bounce)
{
    size_t count = json_array_size(array);

    if (!json_is_array(array) || count > BOUNCE_RECIPIENTS)
        return false;
    bounce->recipients = arena_alloc(arena, count + 1, sizeof(*bounce->recipients));
    for (size_t i = 0; i < count; i++, bounce->recipient_count++)
        if (!take_failure(json_array_get(array, i), arena, &bounce->recipients[i]))
            return false;
    return true;
}

static bool take_all(const json_t *root, struct arena *arena, struct finding *finding)
{
    int64_t kind;

    if (!take_integer(json_object_get(root, "kind"), &kind) || kind < FINDING_COMMAND ||
        kind > FINDING_IGNORED || !take_integer(json_object_get(root, "date"), &finding->date_utc))
        return false;
    finding->kind = (enum finding_kind)kind;
    finding->date_utc = json_integer_value(json_object_get(root, "date"));
    finding->noted_count = (size_t)json_integer_value(json_object_get(root, "noted"));
    for (size_t i = 0; i < COUNT(TEXTS); i++)
        if (!take_text(json_object_get(root, TEXTS[i].key), arena,
                       member_in(finding, TEXTS[i].offset)))
            return false;
    for (size_t i = 0; i < COUNT(TRUTHS); i++)
        if (!take_truth(json_object_get(root, TRUTHS[i].key),
                        member_in(finding, TRUTHS[i].offset)))
            return false;
    for (size_t i = 0; i < COUNT(LISTS); i++)
        if (!take_texts(json_object_get(root, LISTS[i].key), LISTS[i].max, arena,
                        member_in(finding, LISTS[i].items), member_in(finding, LISTS[i].count)))
            return false;
    /* Answers go there. */
    if (finding->from.size && address_check(finding->from, NULL) < 0)
        return false;
    return take_commands(json_object_get(root, "commands"), arena, &finding->commands) &&
           take_failures(json_object_get(root, "failures"), arena, &finding->bounce);
}

int finding_read(struct view json, struct arena *arena, struct finding *ret_finding,
                 struct error *error)
{
    json_t *root = json_loadb(json.data ? json.data : "", json.size, JSON_REJECT_DUPLICATES, NULL);
    struct finding finding = {0};
    bool is_sound = root && take_all(root, arena, &finding);

    json_decref(root);
    if (!is_sound)
        return error_set(error, ERROR_INPUT, "reading the mail gave something else than a finding");
    *ret_finding = finding;
    return 0;
}

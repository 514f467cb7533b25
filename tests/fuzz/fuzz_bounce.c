/* Any bytes as a mail, and as the parts of one that libetpan has taken apart already: its
 * own recursion makes it end on deep input, so that it gets short ones only. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "inbox/finding.h"
#include "subscribers/address.h"

enum { WHOLE_BYTES = 8 * 1024, PARTS_BYTES = 64 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_status(struct view status)
{
    size_t dots = 0;

    for (size_t i = 0; i < status.size; i++) {
        dots += status.data[i] == '.';
        if (status.data[i] != '.' && (status.data[i] < '0' || status.data[i] > '9'))
            abort();
    }
    if (status.size && (dots != 2 || !strchr("245", status.data[0])))
        abort();
}

static void check_recipient(const struct bounce_recipient *recipient)
{
    if (recipient->address.size && address_check(recipient->address, NULL) < 0)
        abort();
    if (recipient->text.size > BOUNCE_TEXT_BYTES || !utf8_is_valid(recipient->text) ||
        view_find_char(recipient->text, '\n', 0) < recipient->text.size)
        abort();
    if (!bounce_action_name(recipient->action) || (unsigned)recipient->reason >= REASON_COUNT)
        abort();
    /* Only what failed for good counts against an address. */
    if (recipient->permanent && recipient->action != BOUNCE_FAILED)
        abort();
    check_status(recipient->status);
}

static void check_bounce(const struct bounce *bounce)
{
    if (bounce->recipient_count > BOUNCE_RECIPIENTS || bounce->returned_id_count > BOUNCE_IDS)
        abort();
    for (size_t i = 0; i < bounce->recipient_count; i++)
        check_recipient(&bounce->recipients[i]);
    for (size_t i = 0; i < bounce->returned_id_count; i++)
        if (!memchr(bounce->returned_ids[i].data, '@', bounce->returned_ids[i].size) ||
            memchr(bounce->returned_ids[i].data, '\n', bounce->returned_ids[i].size))
            abort();
}

/* What the child finds its parent must be able to read. */
static void read_whole(struct view bytes, struct arena *arena)
{
    const struct finding_options options = {.authserv_id = VIEW("mx.example.net")};
    struct finding finding, again;
    struct buffer json, other;
    struct error error;

    finding_make(bytes, &options, arena, &finding);
    check_bounce(&finding.bounce);
    buffer_init(&json, FINDING_BYTES);
    buffer_init(&other, FINDING_BYTES);
    finding_write(&finding, &json);
    if (finding_read(buffer_view(&json), arena, &again, &error) < 0)
        abort();
    finding_write(&again, &other);
    if (!view_equal(buffer_view(&json), buffer_view(&other)))
        abort();
    buffer_free(&json);
    buffer_free(&other);
}

/* Up to the first empty line the head, then a text, a report and a returned head of the
 * same bytes. */
static void read_parts(struct view bytes, struct arena *arena)
{
    static const char *const TYPES[] = {"text/plain", "message/delivery-status",
                                        "message/feedback-report", "text/rfc822-headers"};
    struct mail_part parts[4];
    struct mail mail = {.parts = parts, .part_count = 4, .type = VIEW("multipart/report")};
    struct buffer clean;
    struct bounce bounce;
    struct view body;

    memset(parts, 0, sizeof(parts));
    buffer_init(&clean, 4 * PARTS_BYTES);
    utf8_add_clean(&clean, bytes);
    mail_read_fields(buffer_view(&clean), arena, &mail.fields, &body);
    for (size_t i = 0; i < 4; i++) {
        parts[i].type = view_of(TYPES[i]);
        parts[i].body = body;
    }
    mail_read_fields(body, arena, &parts[3].fields, NULL);
    /* Alone, as a bounce, as a complaint. */
    for (size_t count = 1; count <= 4; count++) {
        mail.part_count = count;
        if (bounce_read(&mail, arena, &bounce))
            check_bounce(&bounce);
    }
    buffer_free(&clean);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view bytes = {(const char *)data, size};
    struct arena *arena = arena_new();

    if (size <= WHOLE_BYTES)
        read_whole(bytes, arena);
    if (size <= PARTS_BYTES)
        read_parts(bytes, arena);
    arena_free(&arena);
    return 0;
}

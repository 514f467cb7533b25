#include "inbox/mail.h"

#include <libetpan/libetpan.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "inbox/mail_parts.h"

struct reading {
    struct arena *arena;
    struct mail_part *parts;
    size_t count, capacity;
};

/* ---- bytes ---- */

/* Without an mbox "From " line, and without empty lines in front, which would end the
 * header before it began. */
static struct view without_mbox_line(struct view bytes)
{
    size_t begin = 0;

    if (view_starts_with(bytes, VIEW("From ")) || view_starts_with(bytes, VIEW(">From "))) {
        size_t lf = view_find_char(bytes, '\n', 0), cr = view_find_char(bytes, '\r', 0);

        begin = lf < cr ? lf : cr;
    }
    while (begin < bytes.size && (bytes.data[begin] == '\r' || bytes.data[begin] == '\n'))
        begin++;
    return view_slice(bytes, begin, bytes.size);
}

/* LF, CR and CRLF as CRLF, which libetpan wants; without NULs, which end a string early. */
static struct view with_crlf(struct view bytes, struct arena *arena)
{
    struct buffer text;
    struct view result;

    bytes = without_mbox_line(bytes);
    buffer_init(&text, 2 * MAIL_BYTES + 2);
    for (size_t i = 0; i < bytes.size; i++) {
        if (bytes.data[i] == '\r' || bytes.data[i] == '\n') {
            buffer_add(&text, "\r\n", 2);
            i += bytes.data[i] == '\r' && i + 1 < bytes.size && bytes.data[i + 1] == '\n';
        } else {
            buffer_add_char(&text, bytes.data[i] ? bytes.data[i] : ' ');
        }
    }
    result = arena_copy(arena, buffer_view(&text));
    buffer_free(&text);
    return result;
}

static struct view lowered(struct arena *arena, const char *text)
{
    return arena_lower(arena, view_trim(view_of(text)));
}

/* ---- one part ---- */

static const char *discrete_name(const struct mailmime_discrete_type *type)
{
    static const char *const NAMES[] = {
        [MAILMIME_DISCRETE_TYPE_TEXT] = "text", [MAILMIME_DISCRETE_TYPE_IMAGE] = "image",
        [MAILMIME_DISCRETE_TYPE_AUDIO] = "audio", [MAILMIME_DISCRETE_TYPE_VIDEO] = "video",
        [MAILMIME_DISCRETE_TYPE_APPLICATION] = "application",
    };

    if (type->dt_type == MAILMIME_DISCRETE_TYPE_EXTENSION)
        return type->dt_extension ? type->dt_extension : "x";
    return type->dt_type > 0 && (size_t)type->dt_type < sizeof(NAMES) / sizeof(*NAMES)
               ? NAMES[type->dt_type]
               : "x";
}

static const char *composite_name(const struct mailmime_composite_type *type)
{
    if (type->ct_type == MAILMIME_COMPOSITE_TYPE_MESSAGE)
        return "message";
    return type->ct_type == MAILMIME_COMPOSITE_TYPE_MULTIPART ? "multipart" : "x";
}

/* "text" or some other word alone, which libetpan completes: RFC 2045 5.2 has what cannot
 * be read as plain text. */
static bool is_half(const struct mailmime_content *content)
{
    const struct mailmime_type *type = content->ct_type;
    int discrete = type->tp_type == MAILMIME_TYPE_DISCRETE_TYPE && type->tp_data.tp_discrete_type
                       ? type->tp_data.tp_discrete_type->dt_type
                       : MAILMIME_DISCRETE_TYPE_ERROR;

    return strcmp(content->ct_subtype, "unknown") == 0 &&
           (discrete == MAILMIME_DISCRETE_TYPE_TEXT || discrete == MAILMIME_DISCRETE_TYPE_EXTENSION);
}

static struct view type_of(struct arena *arena, const struct mailmime_content *content)
{
    struct buffer name;
    struct view result;

    if (!content || !content->ct_type || !content->ct_subtype || is_half(content))
        return VIEW("text/plain");
    buffer_init(&name, 1024);
    buffer_printf(&name, "%s/%s",
                  content->ct_type->tp_type == MAILMIME_TYPE_COMPOSITE_TYPE
                      ? composite_name(content->ct_type->tp_data.tp_composite_type)
                      : discrete_name(content->ct_type->tp_data.tp_discrete_type),
                  content->ct_subtype);
    result = lowered(arena, buffer_string(&name));
    buffer_free(&name);
    return result;
}

static struct view content_parameter(const struct mailmime_content *content, const char *name)
{
    char key[32];

    if (!content || !content->ct_parameters)
        return (struct view){0};
    snprintf(key, sizeof(key), "%s", name);
    return view_of(mailmime_content_param_get((struct mailmime_content *)(size_t)content, key));
}

static int encoding_of(const struct mailmime *mime)
{
    if (!mime->mm_mime_fields)
        return MAILMIME_MECHANISM_8BIT;
    for (clistiter *at = clist_begin(mime->mm_mime_fields->fld_list); at; at = clist_next(at)) {
        const struct mailmime_field *field = clist_content(at);

        if (field->fld_type == MAILMIME_FIELD_TRANSFER_ENCODING && field->fld_data.fld_encoding)
            return field->fld_data.fld_encoding->enc_type;
    }
    return MAILMIME_MECHANISM_8BIT;
}

static void take_disposition(struct arena *arena, const struct mailmime_disposition *disposition,
                             struct mail_part *part)
{
    part->is_attachment = disposition->dsp_type && disposition->dsp_type->dsp_type !=
                                                       MAILMIME_DISPOSITION_TYPE_INLINE;
    for (clistiter *at = clist_begin(disposition->dsp_parms); at; at = clist_next(at)) {
        const struct mailmime_disposition_parm *parm = clist_content(at);

        if (parm->pa_type == MAILMIME_DISPOSITION_PARM_FILENAME)
            part->file_name = mail_decode_parameter(arena, view_of(parm->pa_data.pa_filename));
    }
}

static void take_names(struct arena *arena, const struct mailmime *mime, struct mail_part *part)
{
    part->file_name = mail_decode_parameter(arena,
                                            content_parameter(mime->mm_content_type, "name"));
    if (!mime->mm_mime_fields)
        return;
    for (clistiter *at = clist_begin(mime->mm_mime_fields->fld_list); at; at = clist_next(at)) {
        const struct mailmime_field *field = clist_content(at);

        if (field->fld_type == MAILMIME_FIELD_DISPOSITION && field->fld_data.fld_disposition)
            take_disposition(arena, field->fld_data.fld_disposition, part);
    }
}

/* What stands in the mail, undone from its transfer encoding. */
static struct view decoded(struct arena *arena, const struct mailmime *mime,
                           const struct mailmime_data *data)
{
    char *bytes = NULL;
    size_t size = 0, at = 0;
    struct view raw, result;

    if (!data || data->dt_type != MAILMIME_DATA_TEXT || !data->dt_data.dt_text.dt_data)
        return (struct view){0};
    raw = (struct view){data->dt_data.dt_text.dt_data, data->dt_data.dt_text.dt_length};
    if (mailmime_part_parse(raw.data, raw.size, &at, encoding_of(mime), &bytes, &size) !=
            MAILIMF_NO_ERROR ||
        !bytes)
        return arena_copy(arena, raw);
    result = arena_copy(arena, (struct view){bytes, size});
    mailmime_decoded_part_free(bytes);
    return result;
}

static struct mail_part *add_part(struct reading *reading, struct view type, unsigned depth)
{
    struct mail_part *part;

    if (reading->count == MAIL_PARTS)
        return NULL;
    reading->parts = memory_grow(reading->parts, &reading->capacity, reading->count + 1,
                                 sizeof(*reading->parts));
    part = &reading->parts[reading->count++];
    *part = (struct mail_part){.type = type, .depth = depth};
    return part;
}

static void take_single(struct reading *reading, const struct mailmime *mime, unsigned depth)
{
    struct view type = type_of(reading->arena, mime->mm_content_type);
    struct mail_part *part;

    /* Its boundary is nowhere to be found. */
    if (view_starts_with(type, VIEW("multipart/")))
        type = VIEW("text/plain");
    part = add_part(reading, type, depth);
    if (!part)
        return;
    take_names(reading->arena, mime, part);
    if (!view_starts_with(type, VIEW("text/")) && !view_starts_with(type, VIEW("message/")))
        return;
    part->body = mail_to_utf8(reading->arena, content_parameter(mime->mm_content_type, "charset"),
                              decoded(reading->arena, mime, mime->mm_data.mm_single));
    if (view_equal_string(type, "text/rfc822-headers"))
        mail_read_fields(part->body, reading->arena, &part->fields, NULL);
}

/* ---- the tree ---- */

static void take(struct reading *reading, const struct mailmime *mime, unsigned depth);

static void take_message(struct reading *reading, const struct mailmime *mime, unsigned depth)
{
    struct mail_part *part = add_part(reading, VIEW("message/rfc822"), depth);
    const struct mailmime_data *body = mime->mm_body;

    if (!part)
        return;
    take_names(reading->arena, mime, part);
    if (body && body->dt_type == MAILMIME_DATA_TEXT)
        mail_read_fields((struct view){body->dt_data.dt_text.dt_data,
                                       body->dt_data.dt_text.dt_length},
                         reading->arena, &part->fields, NULL);
    if (depth < MAIL_DEPTH && mime->mm_data.mm_message.mm_msg_mime)
        take(reading, mime->mm_data.mm_message.mm_msg_mime, depth + 1);
}

static void take(struct reading *reading, const struct mailmime *mime, unsigned depth)
{
    if (mime->mm_type == MAILMIME_MESSAGE) {
        take_message(reading, mime, depth);
    } else if (mime->mm_type == MAILMIME_MULTIPLE) {
        for (clistiter *at = clist_begin(mime->mm_data.mm_multipart.mm_mp_list); at;
             at = clist_next(at))
            take(reading, clist_content(at), depth);
    } else {
        take_single(reading, mime, depth);
    }
}

/* libetpan reads the whole as a message. What it cannot read is a text. */
static void take_mail(struct reading *reading, struct view bytes, struct view rest,
                      struct mail *mail)
{
    struct mailmime *mime = NULL, *inner = NULL;
    size_t at = 0;

    if (mailmime_parse(bytes.data, bytes.size, &at, &mime) == MAILIMF_NO_ERROR && mime &&
        mime->mm_type == MAILMIME_MESSAGE)
        inner = mime->mm_data.mm_message.mm_msg_mime;
    if (inner) {
        mail->type = type_of(reading->arena, inner->mm_content_type);
        mail->report_type = lowered(reading->arena,
                                    arena_string(reading->arena,
                                                 content_parameter(inner->mm_content_type,
                                                                   "report-type")));
        take(reading, inner, 0);
    }
    if (!reading->count) {
        struct mail_part *part = add_part(reading, VIEW("text/plain"), 0);

        mail->type = inner ? mail->type : part->type;
        part->body = mail_to_utf8(reading->arena, VIEW(""), rest);
    }
    if (mime)
        mailmime_free(mime);
}

void mail_read(struct view bytes, struct arena *arena, struct mail *ret_mail)
{
    struct reading reading = {.arena = arena};
    struct view rest;

    *ret_mail = (struct mail){.is_cut = bytes.size > MAIL_BYTES};
    bytes = with_crlf(view_slice(bytes, 0, MAIL_BYTES), arena);
    mail_read_fields(bytes, arena, &ret_mail->fields, &rest);
    take_mail(&reading, bytes, rest, ret_mail);
    ret_mail->parts = arena_alloc(arena, reading.count, sizeof(*ret_mail->parts));
    if (reading.count)
        memcpy(ret_mail->parts, reading.parts, reading.count * sizeof(*ret_mail->parts));
    ret_mail->part_count = reading.count;
    free(reading.parts);
}

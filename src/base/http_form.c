#include "base/http_form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Contents on their way. */
struct reading {
    struct view content;
    size_t at;
};

struct http_form {
    curl_mime *mime;
    struct reading *readings; /* one for each part */
};

static size_t read_content(char *room, size_t size, size_t count, void *context)
{
    struct reading *reading = context;
    struct view piece = view_slice(reading->content, reading->at, reading->at + size * count);

    if (piece.size)
        memcpy(room, piece.data, piece.size);
    reading->at += piece.size;
    return piece.size;
}

/* libcurl goes back to the beginning when a kept connection turns out to be dead. */
static int seek_content(void *context, curl_off_t offset, int origin)
{
    struct reading *reading = context;

    if (origin != SEEK_SET || offset < 0 || (size_t)offset > reading->content.size)
        return CURL_SEEKFUNC_FAIL;
    reading->at = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

struct http_form *http_form_new(CURL *easy, const struct http_part *parts, size_t count)
{
    struct http_form *form = memory_new(1, sizeof *form);

    form->mime = curl_mime_init(easy);
    form->readings = memory_new(count ? count : 1, sizeof *form->readings);
    for (size_t i = 0; i < count; i++) {
        curl_mimepart *part = curl_mime_addpart(form->mime);

        form->readings[i].content = parts[i].content;
        curl_mime_name(part, parts[i].name);
        curl_mime_data_cb(part, (curl_off_t)parts[i].content.size, read_content, seek_content, NULL,
                          &form->readings[i]);
        if (parts[i].file_name)
            curl_mime_filename(part, parts[i].file_name);
    }
    return form;
}

curl_mime *http_form_mime(struct http_form *form)
{
    return form->mime;
}

void http_form_free(struct http_form **form)
{
    if (!*form)
        return;
    curl_mime_free((*form)->mime);
    free((*form)->readings);
    free(*form);
    *form = NULL;
}

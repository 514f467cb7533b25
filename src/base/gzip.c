#include "base/gzip.h"

#include <limits.h>
#include <zlib.h>

enum { STEP_BYTES = 64 * 1024, WINDOW_BITS_GZIP = 15 + 16, MEMORY_LEVEL = 8 };

bool gzip_recognise(struct view bytes)
{
    return view_starts_with(bytes, VIEW("\x1f\x8b\x08"));
}

/* Inflates until the member ends or the input does; gives zlib's last word. */
static int inflate_member(z_stream *stream, struct view *rest, struct buffer *out)
{
    unsigned char step[STEP_BYTES];
    int status = Z_OK;

    while (status == Z_OK && !out->failed) {
        size_t feed = rest->size > UINT_MAX ? UINT_MAX : rest->size;

        stream->next_in = (unsigned char *)rest->data;
        stream->avail_in = (unsigned)feed;
        stream->next_out = step;
        stream->avail_out = sizeof(step);
        status = inflate(stream, Z_NO_FLUSH);
        *rest = view_slice(*rest, feed - stream->avail_in, rest->size);
        buffer_add(out, step, sizeof(step) - stream->avail_out);
    }
    return status;
}

int gzip_inflate(struct view bytes, struct buffer *out, enum gzip_end *ret_end,
                 struct error *error)
{
    size_t start = out->size;
    enum gzip_end end = GZIP_WHOLE;
    z_stream stream = {0};
    int status;

    if (!gzip_recognise(bytes))
        return error_set(error, ERROR_INPUT, "not gzip");
    if (inflateInit2(&stream, WINDOW_BITS_GZIP) != Z_OK)
        return error_set(error, ERROR_TEMPORARY, "gzip: %s",
                         stream.msg ? stream.msg : "zlib does not start");
    do {
        status = inflate_member(&stream, &bytes, out);
    } while (status == Z_STREAM_END && !out->failed && gzip_recognise(bytes) &&
             inflateReset(&stream) == Z_OK);
    inflateEnd(&stream);
    if (out->failed) {
        buffer_cut(out, start);
        return error_set(error, ERROR_INPUT, "gzip: larger than %zu bytes when inflated",
                         out->max);
    }
    if (status == Z_BUF_ERROR)
        end = GZIP_CUT;
    else if (status != Z_STREAM_END)
        end = GZIP_DAMAGED;
    *ret_end = end;
    return 0;
}

bool gzip_deflate(struct view bytes, struct buffer *out)
{
    size_t start = out->size;
    unsigned char step[STEP_BYTES];
    z_stream stream = {0};
    int status = Z_OK;

    if (bytes.size > UINT_MAX || deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
                                              WINDOW_BITS_GZIP, MEMORY_LEVEL,
                                              Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    stream.next_in = (unsigned char *)bytes.data;
    stream.avail_in = (unsigned)bytes.size;
    while (status == Z_OK && !out->failed && out->size - start < bytes.size) {
        stream.next_out = step;
        stream.avail_out = sizeof(step);
        status = deflate(&stream, Z_FINISH);
        buffer_add(out, step, sizeof(step) - stream.avail_out);
    }
    deflateEnd(&stream);
    if (status == Z_STREAM_END && !out->failed && out->size - start < bytes.size)
        return true;
    buffer_cut(out, start);
    return false;
}

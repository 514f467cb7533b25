#include "papers/tex.h"

void tex_to_unicode(struct view text, struct buffer *out)
{
    buffer_add_view(out, text);
}

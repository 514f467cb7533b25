/* A page of `serve` rendered: the layout's context for a desk, and the answer that it
 * becomes. */
#ifndef COMMANDS_SERVE_VIEW_H
#define COMMANDS_SERVE_VIEW_H

#include "commands/serve_parts.h"
#include "digest/context_text.h"
#include "web/layout.h"

/* The context that every page begins with; the caller's. `language`: NULL for the
 * catalogue's own. */
json_t *serve_context(const struct serve_desk *desk, const char *language, const char *title,
                      const struct word_value *values);
/* Frees the context. The page is HTML, with this status. */
int serve_render(const struct serve_desk *desk, const char *template, json_t *context,
                 unsigned status, struct web_answer *answer, struct error *error);

#endif

/* A form as multipart/form-data (RFC 7578) for base/http. The contents are read from
 * where they are while they are sent, not copied. */
#ifndef BASE_HTTP_FORM_H
#define BASE_HTTP_FORM_H

#include <curl/curl.h>

#include "base/http.h"

struct http_form;

/* `parts` stay until the form is freed, which is after the transfer. */
struct http_form *http_form_new(CURL *easy, const struct http_part *parts, size_t count);
curl_mime *http_form_mime(struct http_form *form); /* for CURLOPT_MIMEPOST; the form's own */
void http_form_free(struct http_form **form); /* NULL is fine; leaves NULL */

#endif

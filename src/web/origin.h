/* Whether a form was sent from a page of ours (the Fetch standard's Origin and
 * Sec-Fetch-Site): another site cannot make somebody's browser say so. Pure. */
#ifndef WEB_ORIGIN_H
#define WEB_ORIGIN_H

#include "web/exchange.h"

/* `base_url` NULL: only the Host that was asked counts. Programs that are no browsers send
 * neither header; nobody is behind them whose browser could be led astray, so they pass. */
bool web_origin_is_ours(const struct web_request *request, const char *base_url);

#endif

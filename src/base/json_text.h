/* JSON written straight into a buffer, by those who write much of it. Pure. */
#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

#include "base/bytes.h"

void json_add_string(struct buffer *out, struct view text); /* with its quotes; valid UTF-8 */
void json_add_whole(struct buffer *out, unsigned long long number);
/* Four decimals are more than any score means; as few of them as say it, but one. What is
 * below 0 is 0.0. */
void json_add_score(struct buffer *out, double score);

#endif

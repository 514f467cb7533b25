/* Answers and confirmation requests of made-up people, one of each kind. */
#ifndef TESTS_UNIT_ANSWER_SAMPLE_H
#define TESTS_UNIT_ANSWER_SAMPLE_H

#include "inbox/answer.h"
#include "papers/paper.h"

enum { ANSWER_SAMPLES = 12 };

struct answer_sample {
    struct answer answer;
    struct arena *arena;
    struct profile before, after;
    struct mail_commands commands;
    struct change_notes notes;
    struct view references[2];
    struct paper papers[ANSWER_PAPERS];
    struct answer_paper ranked[ANSWER_PAPERS];
};

const char *answer_sample_name(size_t index); /* "subscribe" */
struct answer_sample *answer_sample_new(size_t index);
/* A change by these lines, which live as long, in a mail whose subject is "Some changes". */
struct answer_sample *answer_sample_change(const char *lines);
void answer_sample_free(struct answer_sample **sample);

#endif

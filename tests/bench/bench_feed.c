/* bench_feed FEED RUNS: the median seconds that parsing the feed to papers takes.
 * What one run frees is kept for the next: whether malloc gives such memory back
 * to the kernel, which then has to clear it again, hangs on what else was freed. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "base/memory.h"
#include "papers/feed.h"

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int compare_times(const void *a, const void *b)
{
    const double *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

int main(int argc, char **argv)
{
    size_t runs = argc == 3 ? (size_t)strtoul(argv[2], NULL, 10) : 0;
    struct error error = {0};
    struct buffer text;
    double *times;

    if (!runs) {
        fprintf(stderr, "usage: bench_feed FEED RUNS\n");
        return 64;
    }
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    buffer_init(&text, FEED_BYTES);
    times = memory_new(runs, sizeof(*times));
    if (file_read(argv[1], &text, &error) < 0) {
        fprintf(stderr, "bench_feed: %s\n", error.text);
        return 66;
    }
    for (size_t i = 0; i < runs; i++) {
        struct feed_report report;
        struct papers papers;

        papers_init(&papers);
        times[i] = seconds();
        if (feed_parse(buffer_view(&text), FEED_BYTES, &papers, &report, &error) < 0)
            return 66;
        times[i] = seconds() - times[i];
        papers_free(&papers);
    }
    qsort(times, runs, sizeof(*times), compare_times);
    printf("%.9f\n", times[runs / 2]);
    free(times);
    buffer_free(&text);
    return 0;
}

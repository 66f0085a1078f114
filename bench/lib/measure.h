#define _GNU_SOURCE
/* What lib/measure.lua is, for C. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ns, of all threads */
static double measure_cpu(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * 1e9 + now.tv_nsec;
}

static void measure_report(const char* metric, double value, const char* unit)
{
    printf("%s\t%.6g\t%s\n", metric, value, unit);
}

static void measure_check(int ok, const char* call)
{
    if (!ok) {
        perror(call);
        exit(1);
    }
}

/* Loaded before libc (LD_PRELOAD): the time of day is ahead of the machine's by what a file says, eight bytes of
 * milliseconds in this machine's order. Clocks that only measure how long something takes are left alone, so that
 * nobody's patience ends because a month was skipped. The file is mapped: all who read it move at the same moment.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS 1000000000

static const int64_t none;
static const volatile int64_t *ahead_ms = &none;

__attribute__((constructor)) static void map_file(void)
{
    const char *path = getenv("MOVED_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *mapped = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *ahead_ms, PROT_READ, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED)
        abort(); /* in the present, a test would pass that shows nothing */
    close(file);
    ahead_ms = mapped;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static int (*of_libc)(clockid_t, struct timespec *);
    if (!of_libc)
        of_libc = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int failed = of_libc(clock, now);
    if (failed || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE))
        return failed;
    int64_t ms = *ahead_ms, ns = now->tv_nsec + ms % 1000 * 1000000;
    int64_t over = ns >= SECOND_NS ? 1 : ns < 0 ? -1 : 0;
    now->tv_sec += ms / 1000 + over;
    now->tv_nsec = ns - over * SECOND_NS;
    return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec at;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &at))
        return -1;
    now->tv_sec = at.tv_sec;
    now->tv_usec = at.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now)
{
    struct timespec at;
    time_t seconds = clock_gettime(CLOCK_REALTIME, &at) ? (time_t)-1 : at.tv_sec;
    if (now)
        *now = seconds;
    return seconds;
}

/* A disk whose fsync takes 4 ms more: LD_PRELOAD=slow_fsync.so in front of SQLite's process or PostgreSQL.
 *
 * Cloud disks acknowledge a flush in 1 to 10 ms; a developer's NVMe in 40 microseconds hides a commit per
 * message. The real flush is still done, so what is measured stays durable.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

static void slowly(void) {
    struct timespec rest = {0, 4 * 1000 * 1000};
    while (nanosleep(&rest, &rest) != 0) {
    }
}

int fsync(int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    slowly();
    return real(file);
}

int fdatasync(int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    slowly();
    return real(file);
}

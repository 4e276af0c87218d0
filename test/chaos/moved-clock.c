// Preloaded into every program of the chaos world: the wall clock and the time since boot, each ahead of the real one by what a shared file
// says. So a night of sleep can pass (both move), or somebody set the clock (one moves). Timers keep the real time. The file holds two
// 64-bit numbers of nanoseconds: for the wall clock, and for the time since boot.

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const int64_t second = 1000000000;
static volatile const int64_t *ahead;

__attribute__((constructor)) static void find_shared_file(void) {
  const char *path = getenv("CHAOS_CLOCK");
  int file = path == NULL ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (file == -1) return;
  void *shared = mmap(NULL, 2 * sizeof *ahead, PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (shared != MAP_FAILED) ahead = shared;
}

static int64_t ahead_of(clockid_t clock) {
  if (ahead == NULL) return 0;
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) return ahead[0];
  return clock == CLOCK_BOOTTIME ? ahead[1] : 0;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  int answer = (int)syscall(SYS_clock_gettime, clock, time);
  if (answer != 0) return answer;
  int64_t moved = time->tv_sec * second + time->tv_nsec + ahead_of(clock);
  time->tv_sec = moved / second;
  time->tv_nsec = moved % second;
  return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  struct timespec now;
  (void)zone;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *seconds) {
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  if (seconds != NULL) *seconds = now.tv_sec;
  return now.tv_sec;
}

// libuv reads the time since boot from here.
static int open_uptime(void) {
  struct timespec now;
  char text[64];
  if (clock_gettime(CLOCK_BOOTTIME, &now) != 0) return -1;
  int length = snprintf(text, sizeof text, "%lld.%02ld 0.00\n", (long long)now.tv_sec, now.tv_nsec / 10000000);
  int file = memfd_create("uptime", MFD_CLOEXEC);
  if (file == -1 || write(file, text, (size_t)length) != length || lseek(file, 0, SEEK_SET) != 0) return -1;
  return file;
}

static int open_any(const char *path, int flags, mode_t mode) {
  if (ahead != NULL && strcmp(path, "/proc/uptime") == 0) return open_uptime();
  return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static mode_t mode_of(int flags, va_list more) {
  bool makes = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  return makes ? va_arg(more, mode_t) : 0;
}

int open(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  mode_t mode = mode_of(flags, more);
  va_end(more);
  return open_any(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  mode_t mode = mode_of(flags, more);
  va_end(more);
  return open_any(path, flags | O_LARGEFILE, mode);
}

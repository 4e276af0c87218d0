// Compiled into a front that is to be caught: takes lstat's place, and reads one byte too many.

#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/stat.h>

// Kept, since valgrind itself leaves out a read whose result is not used.
static volatile char kept;

static int wrong_lstat(const char *path, struct stat *found) {
  volatile char *one = malloc(1);
  kept = one[1];
  return lstat(path, found);
}
#define lstat wrong_lstat

// Included before each file of the front: the calls by which it meets the world lead to front-fuzz.c. The headers come first, so that only
// calls are renamed and no declarations.

#ifndef ROLEKEEPER_FRONT_WORLD_H
#define ROLEKEEPER_FRONT_WORLD_H

#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <stdint.h>

int front_main(int argc, char **argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
unsigned long fuzz_getauxval(unsigned long type);
char *fuzz_getcwd(char *room, size_t size);
char *fuzz_realpath(const char *path, char *room);
int fuzz_access(const char *path, int mode);
int fuzz_clock_gettime(clockid_t clock, struct timespec *now);
int fuzz_close(int fd);
int fuzz_connect(int fd, const struct sockaddr *address, socklen_t length);
int fuzz_dprintf(int fd, const char *format, ...);
int fuzz_execve(const char *path, char *const *argv, char *const *env);
int fuzz_fcntl(int fd, int command, ...);
int fuzz_getsockopt(int fd, int level, int name, void *value, socklen_t *size);
int fuzz_isatty(int fd);
int fuzz_lstat(const char *path, struct stat *found);
int fuzz_open(const char *path, int flags);
int fuzz_poll(struct pollfd *fds, nfds_t count, int timeout);
ssize_t fuzz_read(int fd, void *room, size_t size);
ssize_t fuzz_recv(int fd, void *room, size_t size, int flags);
ssize_t fuzz_write(int fd, const void *bytes, size_t length);
struct passwd *fuzz_getpwuid(uid_t uid);

#define main front_main
#define access fuzz_access
#define clock_gettime fuzz_clock_gettime
#define close fuzz_close
#define connect fuzz_connect
#define dprintf fuzz_dprintf
#define execve fuzz_execve
#define fcntl fuzz_fcntl
#define getauxval fuzz_getauxval
#define getcwd fuzz_getcwd
#define getpwuid fuzz_getpwuid
#define getsockopt fuzz_getsockopt
#define isatty fuzz_isatty
#define lstat fuzz_lstat
#define open fuzz_open
#define poll fuzz_poll
#define prctl(option, value) ((void)(value))
#define read fuzz_read
#define realpath fuzz_realpath
#define recv fuzz_recv
#define setsockopt(fd, level, name, value, size) ((void)(value))
#define socket(family, type, protocol) 3
#define write fuzz_write

#endif

// Stands in for Node: says how it was started, each item ended by a NUL, and exits with $STUB_STATUS, else 42.

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

extern char **environ;

int main(int argc, char **argv) {
  struct rlimit core;
  struct sigaction pipe;
  getrlimit(RLIMIT_CORE, &core);
  sigaction(SIGPIPE, NULL, &pipe);
  printf("stub%c", 0);
  for (int i = 0; i < argc; i++) printf("arg:%s%c", argv[i], 0);
  for (int fd = 0; fd < 64; fd++)
    if (fcntl(fd, F_GETFD) != -1) printf("fd:%d%c", fd, 0);
  printf("core:%lu%c", (unsigned long)core.rlim_cur, 0);
  printf("sigpipe:%s%c", pipe.sa_handler == SIG_DFL ? "default" : "ignored", 0);
  for (char **entry = environ; *entry != NULL; entry++) printf("env:%s%c", *entry, 0);
  const char *status = getenv("STUB_STATUS");
  return status == NULL ? 42 : atoi(status);
}

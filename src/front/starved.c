// Why does an agent not answer? Asks the system in which state its process is.

#define _GNU_SOURCE // struct ucred
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "front.h"

bool is_starved(int agent) {
#ifdef __linux__
  struct ucred peer;
  socklen_t size = sizeof peer;
  char path[32], text[512];
  if (getsockopt(agent, SOL_SOCKET, SO_PEERCRED, &peer, &size) == -1) return false;
  snprintf(path, sizeof path, "/proc/%d/stat", (int)peer.pid);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t got = file == -1 ? -1 : read(file, text, sizeof text - 1);
  if (file != -1) close(file);
  text[got > 0 ? got : 0] = 0;
  const char *name_end = strrchr(text, ')'); // proc(5): "PID (NAME) STATE", and a name may hold anything
  return name_end != NULL && strncmp(name_end, ") R", 3) == 0;
#else
  (void)agent;
  return false;
#endif
}

// Where the agent's socket lies: the rules of system/paths.ts once more, since the front has no Node to ask. Change both together.

#ifdef __APPLE__
#define _DARWIN_C_SOURCE
#else
#define _GNU_SOURCE
#endif
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "front.h"

// lstat: a link may have been planted, and would be checked at one moment and followed at another.
bool is_own_directory(const char *path, mode_t forbidden) {
  struct stat found;
  return lstat(path, &found) == 0 && S_ISDIR(found.st_mode) && found.st_uid == getuid() && (found.st_mode & forbidden) == 0;
}

static const char *absolute(const char *variable) {
  const char *path = getenv(variable);
  return path != NULL && path[0] == '/' ? path : NULL;
}

static bool find_state(char *path) {
  const char *chosen = absolute("ROLEKEEPER_STATE_DIR");
  if (chosen != NULL) return fits(snprintf(path, path_room, "%s", chosen));
  const char *below = "Library/Application Support";
#ifndef __APPLE__
  const char *state_home = absolute("XDG_STATE_HOME");
  if (state_home != NULL) return fits(snprintf(path, path_room, "%s/rolekeeper", state_home));
  below = ".local/state";
#endif
  const char *home = getenv("HOME");
  const struct passwd *user = home == NULL || home[0] == 0 ? getpwuid(getuid()) : NULL;
  if (user != NULL) home = user->pw_dir;
  return home != NULL && home[0] == '/' && fits(snprintf(path, path_room, "%s/%s/rolekeeper", home, below));
}

bool find_runtime_directory(char *path) {
  const char *chosen = absolute("ROLEKEEPER_RUNTIME_DIR");
  if (chosen != NULL) return fits(snprintf(path, path_room, "%s", chosen));
#ifndef __APPLE__
  const char *session = absolute("XDG_RUNTIME_DIR");
  if (session != NULL && is_own_directory(session, 0)) return fits(snprintf(path, path_room, "%s/rolekeeper", session));
  snprintf(path, path_room, "/run/user/%lu", (unsigned long)getuid());
  if (is_own_directory(path, 0)) return fits(snprintf(path, path_room, "/run/user/%lu/rolekeeper", (unsigned long)getuid()));
#endif
  return find_state(path);
}

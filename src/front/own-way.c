// Turns this process into the Node program. The arguments go on byte for byte; argv[0] tells it the name under which a caller can start
// the front again, for the `credential_process` lines that it writes (system/own-program.ts).

#ifdef __APPLE__
#define _DARWIN_C_SOURCE // realpath
#include <mach-o/dyld.h>
#else
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/auxv.h>
#endif
#include "front.h"
#ifndef ROLEKEEPER_PLACES
#define ROLEKEEPER_PLACES "/usr/local/bin:/usr/bin:/opt/homebrew/bin"
#endif
#if !defined ROLEKEEPER_NODE || !defined ROLEKEEPER_DIST
#error "tools/build.mjs defines both, as absolute paths"
#endif

extern char **environ;

/** The path that was executed, as it was given: a link that survives upgrades stays a link. NULL where that cannot be told. */
static const char *given_path(char **argv) {
#if defined __linux__
  (void)argv;
  return (const char *)getauxval(AT_EXECFN);
#elif defined __APPLE__
  (void)argv;
  static char path[path_room];
  uint32_t room = sizeof path;
  return _NSGetExecutablePath(path, &room) == 0 ? path : NULL;
#else
  return argv[0] != NULL && strchr(argv[0], '/') != NULL ? argv[0] : NULL;
#endif
}

static bool find_name(const char *given, char *name) {
  char directory[path_room];
  if (given == NULL) return false;
  if (given[0] == '/') return fits(snprintf(name, path_room, "%s", given));
  return getcwd(directory, sizeof directory) != NULL && fits(snprintf(name, path_room, "%s/%s", directory, given));
}

/** Beside the front itself, whatever links led there, so that a copied directory is whole; else where the build put it. */
static void find_script(const char *given, char *script) {
  char own[path_room];
#ifdef __linux__
  given = "/proc/self/exe";
#endif
  char *slash = given != NULL && realpath(given, own) != NULL ? strrchr(own, '/') : NULL;
  if (slash != NULL) *slash = 0;
  if (slash == NULL || !fits(snprintf(script, path_room, "%s/rolekeeper.js", own)) || access(script, R_OK) != 0)
    snprintf(script, path_room, "%s/rolekeeper.js", ROLEKEEPER_DIST);
}

/** Comes back only when it cannot be run. `problem` keeps the first thing that is worse than "not there". */
static void become(const char *node, const char **arguments, int *problem) {
  const char *name = arguments[0];
  char real[path_room];
  if (realpath(node, real) == NULL) return;
  // The `node` of some version managers (volta, snap) is a link to a program that asks its argv[0] what to be.
  if (strncmp(strrchr(real, '/'), "/node", 5) != 0) arguments[0] = node;
  execve(node, (char *const *)(uintptr_t)arguments, environ);
  if (*problem == ENOENT) *problem = errno;
  arguments[0] = name;
}

int run_node(int argc, char **argv) {
  char name[path_room], script[path_room], node[path_room];
  const char *given = given_path(argv);
  const char **arguments = calloc((size_t)argc + 3, sizeof *arguments);
  int problem = ENOENT;
  if (arguments != NULL) {
    find_script(given, script);
    arguments[0] = find_name(given, name) ? name : "rolekeeper";
    arguments[1] = script;
    for (int i = 1; i < argc; i++) arguments[i + 1] = argv[i];
    become(ROLEKEEPER_NODE, arguments, &problem);
    // The build's Node has gone: an upgrade moved it.
    const char *places[] = {getenv("PATH"), ROLEKEEPER_PLACES};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
      for (const char *at = places[i]; at != NULL && *at != 0; at += strcspn(at, ":"), at += *at == ':') {
        // What lies in the current directory is not to be run, whatever PATH says.
        if (*at == '/' && fits(snprintf(node, path_room, "%.*s/node", (int)strcspn(at, ":"), at))) become(node, arguments, &problem);
      }
    }
    free(arguments);
  }
  dprintf(STDERR_FILENO, "rolekeeper: could not start %s, nor another node: %s\n", ROLEKEEPER_NODE, strerror(problem));
  dprintf(STDERR_FILENO, "rolekeeper: hint: install Node.js 20.19 or later, or put it on PATH\n");
  return 1;
}

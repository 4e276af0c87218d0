// Which arguments the front answers by itself, and the names that it takes for certain.

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "front.h"

bool is_plain_name(const char *name) {
  size_t length = strlen(name);
  if (length == 0 || length > 256 || name[0] == '-' || name[0] == ' ' || name[length - 1] == ' ') return false;
  for (; *name != 0; name++)
    if (*name < ' ' || *name > '~' || *name == ']') return false;
  return true;
}

bool is_prompt(int argc, char **argv) {
  if (argc < 3 || argc > 4 || strcmp(argv[1], "status") != 0 || strcmp(argv[2], "--prompt") != 0) return false;
  return argc == 3 || argv[3][0] != '-';
}

const char *prompt_profile(int argc, char **argv) {
  const char *name = argc == 4 ? argv[3] : getenv("AWS_PROFILE");
  return name != NULL && is_plain_name(name) ? name : NULL;
}

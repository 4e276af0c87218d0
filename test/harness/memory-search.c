// Loaded into a program (LD_PRELOAD): when the program ends, looks through all that it may write to for the text whose reverse is in
// $SOUGHT_REVERSED, and says so on stderr. Reversed, so that the search does not find itself.

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((destructor)) static void search(void) {
  static char sought[256];
  const char *reversed = getenv("SOUGHT_REVERSED");
  FILE *maps = fopen("/proc/self/maps", "r");
  if (reversed == NULL || maps == NULL) {
    dprintf(2, "no search\n");
    return;
  }
  size_t length = strlen(reversed);
  for (size_t i = 0; i < length; i++) sought[i] = reversed[length - 1 - i];
  char line[4096];
  unsigned long start, end;
  int found = 0;
  while (fgets(line, sizeof line, maps) != NULL) {
    if (sscanf(line, "%lx-%lx rw", &start, &end) != 2 || strstr(line, " rw") == NULL) continue;
    const char *at = (const char *)start;
    while ((at = memmem(at, end - (unsigned long)at, sought, length)) != NULL) found += at++ != sought;
  }
  dprintf(2, "found %d times\n", found);
}

// Hands the files that are named, and mutants of each, to front-fuzz.c: the bounded run, for a compiler without libFuzzer. The mutants are the
// same each time. Usage: front-replay MUTANTS FILE...

#include "front-world.h"
#include <stdint.h>
#undef main

enum { most_bytes = 1 << 17 };

static uint32_t state = 20261126;

/** xorshift32. */
static uint32_t random_below(uint32_t below) {
  state ^= state << 13, state ^= state >> 17, state ^= state << 5;
  return state % below;
}

/** One to four bytes changed, and now and then the end cut off. */
static size_t mutate(uint8_t *bytes, size_t size) {
  for (uint32_t i = 1 + random_below(4); i > 0 && size > 0; i--) {
    size_t at = random_below((uint32_t)size);
    if (random_below(3) == 0) bytes[at] ^= (uint8_t)(1u << random_below(8));
    else bytes[at] = random_below(2) == 0 ? (uint8_t)random_below(256) : (uint8_t) "0189 \n!~/="[random_below(10)];
  }
  return random_below(8) == 0 ? random_below((uint32_t)size + 1) : size;
}

int main(int argc, char **argv) {
  static uint8_t whole[most_bytes];
  long inputs = 0;
  for (int i = 2; i < argc; i++) {
    FILE *file = fopen(argv[i], "rb");
    if (file == NULL) return perror(argv[i]), 1;
    size_t size = fread(whole, 1, sizeof whole, file);
    fclose(file);
    for (long mutant = 0; mutant <= atol(argv[1]); mutant++, inputs++) {
      // In a block of its own length, so that a byte too many is seen.
      uint8_t *bytes = malloc(size + 1);
      memcpy(bytes, whole, size);
      LLVMFuzzerTestOneInput(bytes, mutant == 0 ? size : mutate(bytes, size));
      free(bytes);
    }
  }
  printf("%ld inputs, no fault\n", inputs);
  return 0;
}

// Starts programs and times each from its start to its end, as a caller sees it: its output goes into a pipe, which is read to the end.
// `spawner ROUNDS COUNT MOST -- SIDE -- SIDE`: in each round every side in turn, COUNT processes of it, at most MOST at a time. A side is
// `NAME=VALUE`s, then a program. For each round and side one line on stdout: number of the side, ms for all of them, how many failed,
// then the ms of each process. A process fails when its status is not 0; unless the side says SILENT=1, also when it prints nothing.

#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { most_sides = 8, most_processes = 1000 };

struct side { char **argv; char **envp; bool is_silent; };
struct process { pid_t pid; int output; int64_t started_ns, ended_ns; };

extern char **environ;

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static struct side take_side(char **words) {
  size_t size = 1, used = 0;
  for (char **entry = environ; *entry != NULL; entry++) size++;
  for (char **word = words; *word != NULL; word++) size++;
  struct side side = {words, calloc(size, sizeof(char *)), false};
  if (side.envp == NULL) fail("calloc");
  for (; *side.argv != NULL && strchr(*side.argv, '=') != NULL; side.argv++) {
    if (strcmp(*side.argv, "SILENT=1") == 0) side.is_silent = true;
    side.envp[used++] = *side.argv;
  }
  for (char **entry = environ; *entry != NULL; entry++) {
    size_t name = strcspn(*entry, "=") + 1;
    bool is_replaced = false;
    for (char **word = words; word < side.argv; word++) is_replaced |= strncmp(*word, *entry, name) == 0;
    if (!is_replaced) side.envp[used++] = *entry;
  }
  return side;
}

static struct process start(const struct side *side) {
  struct process process = {0};
  int ends[2];
  posix_spawn_file_actions_t actions;
  if (pipe2(ends, O_CLOEXEC) == -1) fail("pipe");
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  process.started_ns = now_ns();
  if (posix_spawn(&process.pid, side->argv[0], &actions, NULL, side->argv, side->envp) != 0) fail(side->argv[0]);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  process.output = ends[0];
  return process;
}

/** Whether it went well. An answer is far smaller than a pipe, so nobody waits for it to be read. */
static bool has_ended_well(const struct process *process, int status, bool is_silent) {
  char bytes[65536];
  ssize_t length = read(process->output, bytes, sizeof bytes);
  close(process->output);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 && (is_silent ? length == 0 : length > 0 && bytes[length - 1] == '}');
}

static void run(const struct side *side, int number, int count, int most) {
  static struct process all[most_processes];
  int failed = 0, started = 0;
  int64_t began_ns = now_ns();
  for (int ended = 0; ended < count; ended++) {
    while (started < count && started - ended < most) all[started++] = start(side);
    int status, n = 0;
    pid_t pid = wait(&status);
    if (pid == -1) fail("wait");
    int64_t at_ns = now_ns();
    while (n < started && (all[n].pid != pid || all[n].ended_ns != 0)) n++;
    if (n == started) fail("a process that nobody started");
    all[n].ended_ns = at_ns;
    if (!has_ended_well(&all[n], status, side->is_silent)) failed++;
  }
  printf("%d %.4f %d", number, (double)(now_ns() - began_ns) / 1e6, failed);
  for (int n = 0; n < count; n++) printf(" %.4f", (double)(all[n].ended_ns - all[n].started_ns) / 1e6);
  printf("\n");
  fflush(stdout);
}

int main(int argc, char **argv) {
  struct side sides[most_sides];
  int found = 0;
  if (argc < 6) return 2;
  int rounds = atoi(argv[1]), count = atoi(argv[2]), most = atoi(argv[3]);
  if (count < 1 || count > most_processes || most < 1) return 2;
  char **words = NULL;
  for (int n = 4; n <= argc; n++) {
    bool is_between = n == argc || strcmp(argv[n], "--") == 0;
    if (!is_between) continue;
    argv[n] = NULL;
    if (words != NULL && found < most_sides) sides[found++] = take_side(words);
    words = argv + n + 1;
  }
  // Forwards and backwards in turn, so that none has the better place for good.
  for (int round = 0; round < rounds; round++)
    for (int n = 0; n < found; n++) {
      int number = round % 2 == 0 ? n : found - 1 - n;
      run(&sides[number], number, count, most);
    }
  return 0;
}

// The front: the small program that callers start as `rolekeeper`. Hands a plain `get PROFILE` to the agent and prints its answer; for
// everything else, and whenever anything is not as it should be, it becomes the Node program. Never prints half an answer, never asks.
// `status --prompt` goes to the agent too, and is nothing without it. The wire: rolekeeper-agent(7).

#ifdef __APPLE__
#define _DARWIN_C_SOURCE // getpeereid
#else
#define _GNU_SOURCE // struct ucred
#endif
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include "front.h"

#ifndef ROLEKEEPER_ACK_MS
#define ROLEKEEPER_ACK_MS 300 // tests that load the machine give the agent more
#endif
enum { limit_ms = 3800, ack_ms = ROLEKEEPER_ACK_MS, busy_ms = 2000, prompt_ms = ROLEKEEPER_ACK_MS / 3, writing_ms = 3000 };
enum { max_line = 64, max_body = 262144, max_answer = 65536 };
enum { unexpected = 1, deadline_passed = 7, interrupted = 130 }; // exit statuses of errors.ts

// Static and never copied, so that one wipe reaches every byte of the credentials. Pages that are not used cost nothing.
static char request[max_line + max_body];
static char answer[1 + max_line + max_answer + 1]; // the ack, the line, the document, and room to see a byte too many
static bool is_stdout_missing;

struct reply { int status; const char *text; size_t length; };
struct question { const char *verb, *profile, *deadline; int64_t deadline_ms; int ack_ms, busy_ms; };
enum ending { no_answer, answered, too_late };
enum shape { broken, unfinished, whole };

static int64_t now_ms(clockid_t clock) {
  struct timespec now = {0, 0};
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int fail(int status, const char *problem, const char *detail, const char *hint) {
  dprintf(STDERR_FILENO, "rolekeeper: %s%s\nrolekeeper: hint: %s\n", problem, detail, hint);
  return status;
}

/** False when the moment is past. Looks once more even then: whoever was stopped meanwhile still finds what has come. */
static bool wait_for(int fd, short events, int64_t until_ms) {
  for (;;) {
    int64_t left = until_ms - now_ms(CLOCK_MONOTONIC);
    struct pollfd one = {fd, events, 0};
    int ready = poll(&one, 1, left > 0 ? (int)left : 0);
    if (ready > 0) return true;
    if (ready == 0 ? left <= 0 : errno != EINTR) return false;
  }
}

/** Whose agent is this? The directory's owner says who made it; this says who listens. */
static bool is_peer_own(int agent) {
#ifdef __linux__
  struct ucred peer;
  socklen_t size = sizeof peer;
  return getsockopt(agent, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == getuid();
#else
  uid_t uid;
  gid_t gid;
  return getpeereid(agent, &uid, &gid) == 0 && uid == getuid();
#endif
}

/** The connection, or -1. */
static int connect_to_agent(int patience_ms) {
  char runtime[path_room];
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (!find_runtime_directory(runtime) || !is_own_directory(runtime, 077)) return -1;
  int length = snprintf(address.sun_path, sizeof address.sun_path, "%s/agent.sock", runtime);
  if (length < 0 || (size_t)length >= sizeof address.sun_path) return -1; // cut short it would be another socket
  int agent = socket(AF_UNIX, SOCK_STREAM, 0);
  if (agent == -1) return -1;
  fcntl(agent, F_SETFD, FD_CLOEXEC);
  // unix(7): where the queue of a busy agent is full, connect() waits this long for a place, which poll() cannot.
  struct timeval patience = {patience_ms / 1000, patience_ms % 1000 * 1000};
  setsockopt(agent, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  int refused;
  do refused = connect(agent, (const struct sockaddr *)&address, sizeof address);
  while (refused == -1 && errno == EINTR);
  if (refused == 0 && is_peer_own(agent) && fcntl(agent, F_SETFL, O_NONBLOCK) == 0) return agent;
  close(agent);
  return -1;
}

static bool add_field(size_t *length, const char *field) {
  size_t size = strlen(field) + 1;
  if (size > max_body - *length) return false;
  memcpy(request + max_line + *length, field, size);
  *length += size;
  return true;
}

/** What of the caller's environment changes the answer, or the way to store and network. */
static bool is_carried(const char *entry) {
  static const char *const names[] = {
    "HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_SSO",
    "AWS_ENDPOINT_URL_SSO_OIDC", "AWS_ENDPOINT_URL_ROLESANYWHERE", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_STS_REGIONAL_ENDPOINTS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_CA_BUNDLE",
    "AWS_EC2_METADATA_DISABLED", "AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "AWS_EC2_METADATA_V1_DISABLED", "AWS_LOGIN_CACHE_DIRECTORY", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy",
    "NODE_EXTRA_CA_CERTS"};
  const char *equals = strchr(entry, '=');
  if (equals == NULL) return false;
  size_t length = (size_t)(equals - entry);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strlen(names[i]) == length && memcmp(names[i], entry, length) == 0) return true;
  return strncmp(entry, "ROLEKEEPER_", 11) == 0;
}

/** The start of the request, its length in `size`; NULL when it cannot be said within the limits. */
static const char *make_request(const struct question *asked, size_t *size) {
  char directory[path_room], line[max_line + 1];
  size_t length = 0;
  if (getcwd(directory, sizeof directory) == NULL || directory[0] != '/') return NULL; // removed, or out of a chroot's sight
  const char *const fields[] = {asked->verb, asked->profile, asked->deadline, directory};
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    if (!add_field(&length, fields[i])) return NULL;
  for (char **entry = environ; entry != NULL && *entry != NULL; entry++)
    if (is_carried(*entry) && !add_field(&length, *entry)) return NULL;
  // The line goes right before the body, since all of it is to be one write.
  size_t before = (size_t)snprintf(line, sizeof line, "rolekeeper 1 %zu\n", length);
  memcpy(request + max_line - before, line, before);
  *size = before + length;
  return request + max_line - before;
}

/** 0, or the errno that stood in the way. */
static int write_all(int fd, const char *bytes, size_t length, int patience_ms) {
  int64_t until_ms = now_ms(CLOCK_MONOTONIC) + patience_ms;
  while (length > 0) {
    ssize_t written = write(fd, bytes, length);
    if (written < 0 && errno == EAGAIN && !wait_for(fd, POLLOUT, until_ms)) return ETIMEDOUT;
    if (written < 0 && errno != EAGAIN && errno != EINTR) return errno;
    bytes += written > 0 ? written : 0;
    length -= written > 0 ? (size_t)written : 0;
  }
  return 0;
}

/** Decimal digits up to `end`, in the one way to write them. The line is known to end, so this does too. */
static bool take_number(const char **at, char end, size_t most, size_t *number) {
  if ((*at)[0] == '0' && (*at)[1] != end) return false;
  *number = 0;
  do {
    if (**at < '0' || **at > '9') return false;
    *number = *number * 10 + (size_t)(*(*at)++ - '0');
    if (*number > most) return false;
  } while (**at != end);
  (*at)++;
  return true;
}

/** What the first `have` bytes of the answer are so far. A `pass`, like all that is not an answer for us, is broken. */
static enum shape look_at(size_t have, struct reply *reply) {
  static const char start[] = "!rolekeeper 1 exit ";
  const size_t known = sizeof start - 1;
  if (memcmp(answer, start, have < known ? have : known) != 0) return broken;
  if (have < known || memchr(answer, '\n', have < 1 + max_line ? have : 1 + max_line) == NULL)
    return have <= max_line ? unfinished : broken;
  const char *at = answer + known;
  size_t status;
  if (!take_number(&at, ' ', 255, &status) || !take_number(&at, '\n', max_answer, &reply->length)) return broken;
  reply->status = (int)status;
  reply->text = at;
  size_t there = have - (size_t)(at - answer);
  return there > reply->length ? broken : there == reply->length ? whole : unfinished;
}

static enum ending read_answer(int agent, const struct question *asked, struct reply *reply) {
  size_t have = 0;
  int64_t now = now_ms(CLOCK_MONOTONIC), until_ms = now + asked->ack_ms, busy_until_ms = now + asked->busy_ms;
  for (;;) {
    if (!wait_for(agent, POLLIN, until_ms)) {
      if (have > 0) return too_late;
      if (until_ms >= busy_until_ms || !is_starved(agent)) return no_answer;
      until_ms += asked->ack_ms;
      continue;
    }
    ssize_t got = recv(agent, answer + have, sizeof answer - have, 0);
    if (got == 0) return have > 0 && look_at(have, reply) == whole ? answered : no_answer;
    if (got < 0 && errno != EINTR && errno != EAGAIN) return no_answer;
    have += got > 0 ? (size_t)got : 0;
    if (have > 0) until_ms = asked->deadline_ms;
    if (look_at(have, reply) == broken) return no_answer;
  }
}

static enum ending ask_agent(const struct question *asked, struct reply *reply) {
  size_t size;
  const char *bytes = make_request(asked, &size);
  int agent = bytes == NULL ? -1 : connect_to_agent(asked->ack_ms);
  if (agent == -1) return no_answer;
  enum ending ending = write_all(agent, bytes, size, asked->ack_ms) == 0 ? read_answer(agent, asked, reply) : no_answer;
  close(agent);
  return ending;
}

/** Returns the exit status. */
static int print(const struct reply *reply) {
  if (reply->status != 0) {
    write_all(STDERR_FILENO, reply->text, reply->length, writing_ms); // without a reader there is still the status
    return reply->status;
  }
  int problem = is_stdout_missing ? EBADF : write_all(STDOUT_FILENO, reply->text, reply->length, writing_ms);
  if (problem == 0 && isatty(STDOUT_FILENO)) problem = write_all(STDOUT_FILENO, "\n", 1, writing_ms);
  if (problem == EPIPE || problem == EBADF) return interrupted; // who asked has gone
  if (problem == ETIMEDOUT) return fail(deadline_passed, "writing to stdout took longer than 3 s", "", "try again");
  return problem == 0 ? 0 : fail(unexpected, "could not write to stdout: ", strerror(problem), "check where it leads");
}

/** Returns the exit status, or -1 and the deadline in the environment: go your own way. */
static int get(const char *profile) {
  char deadline[24], caller[24], problem[320];
  snprintf(caller, sizeof caller, "%ld", (long)getppid());
  setenv(CALLER_VARIABLE, caller, 1); // what the agent cannot ask the system for
  int64_t deadline_ms = now_ms(CLOCK_MONOTONIC) + limit_ms; // the other clock may jump meanwhile
  snprintf(deadline, sizeof deadline, "%lld", (long long)(now_ms(CLOCK_REALTIME) + limit_ms));
  void (*usual)(int) = signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN); // Node ignores it as well: a full quota is an error to be told
#ifdef __linux__
  prctl(PR_SET_DUMPABLE, 0); // core(5): a dump into a pipe does not ask for the limit. Ends with exec.
#endif
  struct reply reply = {0, NULL, 0};
  const struct question asked = {"get", profile, deadline, deadline_ms, ack_ms, busy_ms};
  enum ending ending = ask_agent(&asked, &reply);
  unsetenv(CALLER_VARIABLE);
  int status = ending == answered ? print(&reply) : -1;
  // Through a volatile pointer no compiler can tell that this is memset, of bytes that nobody reads again.
  static void *(*const volatile wipe)(void *, int, size_t) = memset;
  wipe(answer, 0, sizeof answer);
  if (ending == no_answer) {
    signal(SIGPIPE, usual); // Node would inherit it, and hand it on
    setenv(DEADLINE_VARIABLE, deadline, 1); // not before: the request would carry it
  }
  if (ending != too_late) return status;
  snprintf(problem, sizeof problem, "getting credentials for \"%s\" took longer than 3.8 s", profile);
  return fail(deadline_passed, problem, "", "try again");
}

/** A piece for a shell's prompt, or nothing: a shell waits for it at each line, and has no place for what went wrong. */
static void prompt(const char *profile) {
  char deadline[24];
  snprintf(deadline, sizeof deadline, "%lld", (long long)(now_ms(CLOCK_REALTIME) + prompt_ms));
  signal(SIGPIPE, SIG_IGN);
  struct reply reply = {0, NULL, 0};
  const struct question asked = {"prompt", profile, deadline, now_ms(CLOCK_MONOTONIC) + prompt_ms, prompt_ms, 0};
  if (ask_agent(&asked, &reply) != answered || reply.status != 0 || reply.length == 0 || is_stdout_missing) return;
  if (write_all(STDOUT_FILENO, reply.text, reply.length, writing_ms) == 0 && isatty(STDOUT_FILENO))
    write_all(STDOUT_FILENO, "\n", 1, writing_ms);
}

/** Else the socket might become fd 1, and be sent what is meant for stdout. False when the system has no /dev/null. */
static bool fill_stdio(void) {
  is_stdout_missing = fcntl(STDOUT_FILENO, F_GETFD) == -1;
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", O_RDWR) != fd) return false;
  return true;
}

int main(int argc, char **argv) {
  struct rlimit core;
  if (getrlimit(RLIMIT_CORE, &core) == 0) {
    core.rlim_cur = 0; // the hard limit stays: what `exec` runs may want dumps again
    setrlimit(RLIMIT_CORE, &core);
  }
  unsetenv(DEADLINE_VARIABLE); // a caller's own is over
  bool has_stdio = fill_stdio();
  if (is_prompt(argc, argv)) {
    const char *profile = has_stdio ? prompt_profile(argc, argv) : NULL;
    if (profile != NULL) prompt(profile);
    return 0;
  }
  if (!has_stdio || argc != 3 || strcmp(argv[1], "get") != 0 || argv[2][0] == '-') return run_node(argc, argv);
  // Node knows by the deadline that the agent was asked. Names that we do not judge are left for it to ask.
  int status = is_plain_name(argv[2]) ? get(argv[2]) : -1;
  if (status != -1) return status;
  // An agent's answer would not depend on these either; a debugger in NODE_OPTIONS would see secrets, and talk on stderr. Other
  // commands keep them, since `exec` hands them on to programs of the person's own.
  unsetenv("NODE_OPTIONS");
  unsetenv("NODE_PATH");
  return run_node(argc, argv);
}

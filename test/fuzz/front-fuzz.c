// The whole native front, run again and again in one process: libFuzzer's LLVMFuzzerTestOneInput (`npm run fuzz -- --target front`), or
// front-replay.c. An input is texts that end with NUL (the arguments, an empty one, the environment, an empty one, two paths), then what the
// world does, byte by byte. Every call to the system leads here. Aborts when the front does what it must never do.

#include "front-world.h"
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

enum { most_texts = 64, agent = 3, opened = 9, start_ms = 1000000 };

static const uint8_t *input;
static size_t left;
static const char *given, *working_directory;
static int64_t clock_ms;
/** What the agent has sent, and what the front has printed. */
static char sent[200000], printed[200000], asked[300000];
static size_t sent_length, printed_length, asked_length;
static bool has_ended, is_broken, is_printing;

static int next(void) {
  if (left == 0) return 0;
  left--;
  return *input++;
}

static void must(bool claim, const char *words) {
  if (claim) return;
  fprintf(stderr, "it does not hold that %s\n", words);
  abort();
}

/** The next text, "" when there is none. Copied to the end of a block of its own, so that a byte too many is seen. */
static char *take_text(void) {
  size_t length = strnlen((const char *)input, left);
  char *text = malloc(length + 1);
  memcpy(text, input, length);
  text[length] = 0;
  input += length;
  left -= length;
  if (left > 0) next();
  return text;
}

unsigned long fuzz_getauxval(unsigned long type) {
  (void)type;
  return (unsigned long)(given[0] == 0 ? NULL : given);
}

char *fuzz_getcwd(char *room, size_t size) {
  if (strlen(working_directory) >= size) return errno = ERANGE, NULL;
  return strcpy(room, working_directory);
}

char *fuzz_realpath(const char *path, char *room) {
  size_t length = strlen(path);
  if (length == 0 || length >= 4096 || next() % 2 == 1) return errno = ENOENT, NULL;
  // A real path is absolute.
  if (path[0] != '/') return strcpy(room, "/usr/bin/node");
  return memcpy(room, path, length + 1);
}

int fuzz_access(const char *path, int mode) {
  (void)mode;
  must(path[0] == '/', "only absolute paths are looked at");
  return next() % 2 - 1;
}

int fuzz_clock_gettime(clockid_t clock, struct timespec *now) {
  (void)clock;
  *now = (struct timespec){clock_ms / 1000, clock_ms % 1000 * 1000000};
  return 0;
}

int fuzz_close(int fd) { return fd >= 0 ? 0 : -1; }

int fuzz_connect(int fd, const struct sockaddr *address, socklen_t length) {
  const struct sockaddr_un *unix_address = (const struct sockaddr_un *)(const void *)address;
  must(fd == agent && length == sizeof *unix_address, "only the agent is called");
  const char *path = unix_address->sun_path, *name = strrchr(path, '/');
  must(path[0] == '/' && strcmp(name, "/agent.sock") == 0, "its socket has its whole name");
  int how = next();
  if (how % 8 < 6) return 0;
  errno = how % 8 == 6 ? ECONNREFUSED : EINTR;
  return left == 0 ? (errno = EAGAIN, -1) : -1;
}

int fuzz_dprintf(int fd, const char *format, ...) {
  char line[20000];
  va_list values;
  va_start(values, format);
  int length = vsnprintf(line, sizeof line, format, values);
  va_end(values);
  must(fd == STDERR_FILENO, "words go to stderr");
  return length;
}

int fuzz_execve(const char *path, char *const *argv, char *const *env) {
  must(path[0] == '/' && argv[0] != NULL && argv[1] != NULL && argv[1][0] == '/', "it becomes an absolute program with an absolute script");
  must(printed_length == 0, "who has printed something becomes no other program");
  for (char *const *one = env; *one != NULL; one++) must(strlen(*one) < 1 << 20, "the environment is one");
  return errno = next() % 2 == 0 ? ENOENT : EACCES, -1;
}

int fuzz_fcntl(int fd, int command, ...) {
  (void)command;
  if (fd != STDOUT_FILENO) return 0;
  return errno = EBADF, next() % 16 == 15 ? -1 : 0;
}

int fuzz_getsockopt(int fd, int level, int name, void *value, socklen_t *size) {
  (void)level, (void)name;
  must(fd == agent && *size == sizeof(struct ucred), "the peer is asked for");
  const struct ucred peer = {getpid(), next() % 8 == 7 ? getuid() + 1 : getuid(), getgid()};
  memcpy(value, &peer, sizeof peer);
  return 0;
}

int fuzz_isatty(int fd) { return fd == STDOUT_FILENO && next() % 8 == 7; }

int fuzz_lstat(const char *path, struct stat *found) {
  must(path[0] == '/', "only absolute paths are looked at");
  int how = next();
  if (how % 8 == 7) return errno = ENOENT, -1;
  *found = (struct stat){.st_mode = S_IFDIR | (how % 8 == 6 ? 0755 : 0700), .st_uid = how % 8 == 5 ? getuid() + 1 : getuid()};
  if (how % 8 == 4) found->st_mode = S_IFLNK | 0777;
  return 0;
}

int fuzz_open(const char *path, int flags) {
  (void)flags;
  if (strcmp(path, "/dev/null") == 0) return STDOUT_FILENO;
  return next() % 4 == 3 ? -1 : opened;
}

int fuzz_poll(struct pollfd *fds, nfds_t count, int timeout) {
  must(count == 1 && timeout >= 0 && timeout <= 4000, "no wait is longer than a get");
  int how = next();
  if (how % 8 == 7) return errno = EINTR, clock_ms += 1, -1;
  if (how % 8 == 6 || left == 0) return clock_ms += timeout + (timeout == 0), 0;
  clock_ms += how % 8 < 3 ? 0 : timeout / 3;
  fds->revents = fds->events;
  return 1;
}

/** /proc/PID/stat, as long as there is something to read. */
ssize_t fuzz_read(int fd, void *room, size_t size) {
  must(fd == opened, "only what was opened is read");
  size_t length = (size_t)next() * 3;
  if (length > size) length = size;
  for (size_t i = 0; i < length; i++) ((char *)room)[i] = (char)next();
  return length == 0 ? -1 : (ssize_t)length;
}

ssize_t fuzz_recv(int fd, void *room, size_t size, int flags) {
  (void)flags;
  must(fd == agent && size > 0, "there is room for what comes");
  int how = next();
  if (how >= 252) return errno = how == 252 ? EINTR : how == 253 ? EAGAIN : ECONNRESET, is_broken = how > 253, -1;
  size_t length = how < 200 ? (size_t)how : left;
  if (how == 251) length = 70000; // more than the input has
  if (length > size) length = size;
  if (length == 0 || left == 0) return has_ended = true, 0;
  for (size_t i = 0; i < length; i++) ((char *)room)[i] = left > 0 ? (char)next() : 'x';
  must(sent_length + length <= sizeof sent, "an answer that is too long is not read on");
  memcpy(sent + sent_length, room, length);
  sent_length += length;
  return (ssize_t)length;
}

ssize_t fuzz_write(int fd, const void *bytes, size_t length) {
  // A reader who does not read is waited for besides.
  must(fd != STDOUT_FILENO || is_printing || clock_ms - start_ms <= 4000, "no answer comes later than 4 s");
  is_printing = is_printing || fd == STDOUT_FILENO;
  int how = next();
  if (how >= 250) {
    errno = how == 250 ? EINTR : how == 251 ? EAGAIN : how == 252 ? EPIPE : EIO;
    return -1;
  }
  size_t taken = how < 200 || length < 2 ? length : 1 + length * (size_t)(how - 200) / 51;
  char *to = fd == agent ? asked : printed;
  size_t *have = fd == agent ? &asked_length : &printed_length;
  size_t room = fd == agent ? sizeof asked : sizeof printed;
  if (fd == STDERR_FILENO) return (ssize_t)taken;
  must(fd == agent || fd == STDOUT_FILENO, "it writes where it should");
  must(*have + taken <= room, "it never writes more than there can be");
  memcpy(to + *have, bytes, taken);
  *have += taken;
  return (ssize_t)taken;
}

struct passwd *fuzz_getpwuid(uid_t uid) {
  (void)uid;
  static char home[] = "/home/alice";
  static struct passwd user;
  user.pw_dir = home;
  return next() % 2 == 0 ? &user : NULL;
}

/** The wire's rules once more: the document in a whole answer with status 0, else NULL. */
static const char *right_document(size_t *length) {
  int status = -1, line = 0;
  char number[8], canonical[64];
  if (sent_length >= sizeof sent) return NULL;
  sent[sent_length] = 0;
  if (sscanf(sent, "!rolekeeper 1 exit %3d %7[0-9]%n", &status, number, &line) != 2 || status != 0) return NULL;
  *length = strtoul(number, NULL, 10);
  snprintf(canonical, sizeof canonical, "!rolekeeper 1 exit 0 %zu\n", *length);
  size_t start = strlen(canonical);
  bool is_whole = memcmp(sent, canonical, start) == 0 && *length <= 65536 && sent_length == start + *length;
  return is_whole && has_ended && !is_broken ? sent + start : NULL;
}

static void judge(int status, bool is_prompt) {
  size_t length = 0;
  const char *document = right_document(&length);
  bool is_begun = document != NULL && memcmp(printed, document, printed_length < length ? printed_length : length) == 0;
  bool is_whole = printed_length == length || (printed_length == length + 1 && printed[length] == '\n');
  must(status >= 0 && status <= 255, "the exit status is one");
  must(printed_length == 0 || (is_begun && printed_length <= length + 1), "only a right document is printed");
  must(status != 0 || is_prompt || (is_begun && is_whole), "status 0 is a whole document");
  if (asked_length > 0) {
    size_t body = 0;
    int line = 0;
    bool is_line = sscanf(asked, "rolekeeper 1 %zu%n", &body, &line) == 1 && asked[line] == '\n';
    must(!is_line || asked_length <= (size_t)line + 1 + body, "no request is longer than it says");
    must(is_line || asked_length < 20, "a request begins with its line");
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  char *argv[most_texts + 1], *env[most_texts + 1], *owned[most_texts + 1], **usual = environ;
  int argc = 1, count = 0;
  input = bytes, left = size;
  clock_ms = start_ms, sent_length = printed_length = asked_length = 0;
  has_ended = is_broken = is_printing = false;
  memset(asked, 0, 64);
  argv[0] = strdup("rolekeeper");
  char *text;
  while ((text = take_text())[0] != 0 && argc < most_texts) argv[argc++] = text;
  free(text);
  argv[argc] = NULL;
  while ((text = take_text())[0] != 0 && count < most_texts) env[count++] = text;
  free(text);
  env[count] = NULL;
  memcpy(owned, env, sizeof owned); // the front moves them when it takes one away
  char *own_given = take_text(), *own_directory = take_text();
  given = own_given, working_directory = own_directory;
  environ = env;
  int status = front_main(argc, argv);
  environ = usual;
  judge(status, argc > 1 && strcmp(argv[1], "status") == 0);
  for (int i = 0; i < argc; i++) free(argv[i]);
  for (int i = 0; i < count; i++) free(owned[i]);
  free(own_given);
  free(own_directory);
  return 0;
}

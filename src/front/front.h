// What the files of the front share.

#ifndef ROLEKEEPER_FRONT_H
#define ROLEKEEPER_FRONT_H

#include <stdbool.h>
#include <sys/types.h>

/** Room for every path here. A longer one counts as not there. */
enum { path_room = 4096 };

/** True when snprintf had room for all of a path. */
static inline bool fits(int printed) { return printed >= 0 && printed < path_room; }

/** Epoch ms until which the caller of a `get` waits. In the environment only when the agent was asked already. */
#define DEADLINE_VARIABLE "ROLEKEEPER_DEADLINE"
#define CALLER_VARIABLE "ROLEKEEPER_CALLER_PID"

/** Writes RUNTIME of rolekeeper-agent(7) into `path`. False when there is none. */
bool find_runtime_directory(char *path);

/** True for a directory, not a link, of this user, with none of the forbidden mode bits. */
bool is_own_directory(const char *path, mode_t forbidden);

/** True only for what parseProfileName takes for certain. All else is for Node to judge, and to put into words. */
bool is_plain_name(const char *name);

/** True for `status --prompt [PROFILE]`, written just so. */
bool is_prompt(int argc, char **argv);

/** The profile of such a prompt: as given, else AWS_PROFILE. NULL where there is none that an agent could know. */
const char *prompt_profile(int argc, char **argv);

/** Becomes the Node program with the same arguments. Comes back, with an exit status, only when there is no Node. */
int run_node(int argc, char **argv);

/**
 * True for an agent that wants to run and is not let: its machine is overloaded. Each caller that became Node now would make that worse. One
 * that is stopped, or waits for something, is stuck.
 */
bool is_starved(int agent);

#endif

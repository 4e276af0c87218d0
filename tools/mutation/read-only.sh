#!/bin/sh
# The world of a mutant: every file system is read-only but the directory $1, /dev/null cannot be replaced, and no process outside can be seen.
# Run by `unshare --mount --pid --fork`, so that all of this ends with it.
set -eu
writable=$1
cache=$2
shift 2

mount --make-rprivate /
mount --bind "$writable" "$writable"
# Vite writes its own configuration there, and has no setting for another place.
mount --bind "$writable/cache" "$cache"
while read -r _ _ _ _ place _; do
  case $place in
    "$writable" | "$cache" | /proc) ;;
    # What another mount lies on top of cannot be reached, and is not remounted.
    *) mount -o remount,bind,ro "$place" ;;
  esac
done </proc/self/mountinfo
mount -t proc proc /proc
exec "$@"

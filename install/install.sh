#!/bin/sh
# Installs rolekeeper from a clone or an unpacked release archive, for you alone or (as root) for everybody. Needs Node.js 20.19 or later;
# in a clone also npm. Whatever it puts somewhere is in a list, by which --uninstall takes it away again.

set -eu
umask 022

usage() {
  cat <<'TEXT'
usage: sh install/install.sh [--prefix DIRECTORY] [--uninstall]

Installs rolekeeper below the prefix: bin, lib/rolekeeper, share/man and the completions of bash, zsh and fish below share.
May be run again, to upgrade or to repair.

  --prefix DIRECTORY   where; else the variable PREFIX, else ~/.local, or /usr/local for root
  --uninstall          remove what an earlier run installed, and nothing else
  --help               show this
TEXT
}

say() { printf '%s\n' "install.sh: $*" >&2; }
fail() {
  say "$1"
  shift
  for line in "$@"; do say "hint: $line"; done
  exit 1
}

main() {
  prefix=${PREFIX:-}
  action=install
  while [ $# -gt 0 ]; do
    case $1 in
      --prefix)
        prefix=${2:-}
        [ -n "$prefix" ] || fail '--prefix needs a directory'
        shift
        ;;
      --prefix=*)
        prefix=${1#--prefix=}
        [ -n "$prefix" ] || fail '--prefix needs a directory'
        ;;
      --uninstall) action=uninstall ;;
      --help | -h)
        usage
        exit 0
        ;;
      *) fail "what is $1?" 'run it with --help' ;;
    esac
    shift
  done
  why='as you said'
  if [ -z "$prefix" ]; then
    if [ "$(id -u)" -eq 0 ]; then
      prefix=/usr/local
      why='for everybody, since you are root; --prefix DIRECTORY for another place'
    else
      prefix=${HOME:?}/.local
      why='for you alone, since you are not root; --prefix DIRECTORY for another place'
    fi
  fi
  case $prefix in
    /) prefix='' ;;
    */) prefix=${prefix%/} ;;
  esac
  check_prefix
  library=$prefix/lib/rolekeeper
  manifest=$library/manifest
  "$action"
}

# The path ends up in credential_process lines, which SDKs hand to a shell or split at blanks: no quotes help in all of them.
check_prefix() {
  case $prefix in
    /*) ;;
    *) fail "the prefix must be an absolute path, not $prefix" ;;
  esac
  case $prefix in
    *[!A-Za-z0-9_./+@:=,%-]*)
      fail "the prefix $prefix holds a blank or another character that some AWS SDK cannot run" \
        'choose a directory without them: --prefix DIRECTORY'
      ;;
  esac
}

install() {
  source=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
  say "installing below ${prefix:-/} ($why)"
  recover
  note_directories
  check_node
  build
  staging=$library.new.$$
  trap clean_up EXIT
  trap 'exit 130' INT TERM HUP
  stage
  refuse_strangers
  put_in_place
  farewell
}

check_node() {
  command -v node >/dev/null 2>&1 ||
    fail 'Node.js is missing' 'install version 20.19 or later, from your distribution or https://nodejs.org'
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    fail "Node.js $(node --version) is too old: 20.19 or later is needed" 'upgrade it, from your distribution or https://nodejs.org'
}

# A release archive has no sources, and dist/ is built already.
build() {
  if [ ! -f "$source/src/main.ts" ]; then
    [ -f "$source/dist/rolekeeper.js" ] || fail "$source holds neither the sources nor a built program"
    return 0
  fi
  command -v npm >/dev/null 2>&1 || fail 'npm is missing, which builds the program' 'install npm, or use a release archive'
  say 'building; this takes a minute the first time'
  log=$(mktemp)
  if ! (cd -- "$source" && fetch_packages && npm run build) >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    fail 'the build failed; nothing was installed' 'npm needs the network for the first build'
  fi
  rm -f "$log"
}

# Unless they are there already, as the lock file has them.
fetch_packages() {
  if [ -f node_modules/.package-lock.json ] && [ -d node_modules/esbuild ] &&
    [ -z "$(find package-lock.json -newer node_modules/.package-lock.json)" ]; then return 0; fi
  npm ci --ignore-scripts --no-audit --no-fund --prefer-offline
}

# What a run that was killed has left, and the directories that it had made for that.
recover() {
  for path in "$library".old.*; do
    if [ -d "$path" ] && [ ! -e "$library" ]; then mv "$path" "$library"; fi
  done
  for path in "$library".new.*; do
    if [ ! -d "$path" ]; then continue; fi
    made=$(cat "$path/made" 2>/dev/null || true)
    rm -rf "$path"
    remove_directories "$made"
  done
  rm -rf "$library".old.*
}

# Inner ones first, and only while nothing of somebody else's is in them.
remove_directories() {
  printf '%s\n' "$1" | sort -r | while IFS= read -r path; do rmdir "$path" 2>/dev/null || true; done
}

# Runs at the end of every run; after a failed first one nothing is left.
clean_up() {
  rm -rf "$staging"
  if [ ! -f "$manifest" ]; then remove_directories "$directories"; fi
}

# Which directories are of our making: found out before the first is made. Those of an earlier run stay ours.
note_directories() {
  directories=
  for directory in bin lib share/man/man1 share/man/man5 share/man/man7 share/bash-completion/completions \
    share/zsh/site-functions share/fish/vendor_completions.d; do
    path=$prefix/$directory
    missing=
    while [ ! -d "$path" ]; do
      if [ -e "$path" ] || [ -L "$path" ]; then
        fail "$path is in the way: it is no directory" 'move it away, or choose another place: --prefix DIRECTORY'
      fi
      missing="$path
$missing"
      path=$(dirname -- "$path")
    done
    [ -w "$path" ] || fail "you may not write to $path" 'choose another place: --prefix DIRECTORY'
    directories=$directories$missing
  done
}

# Everything under its new place's name, aside: lib/ goes to lib/rolekeeper, all else to the same names below the prefix.
stage() {
  mkdir -p "$staging"
  printf '%s' "$directories" >"$staging/made"
  mkdir -p "$staging/lib" "$staging/share/man"
  for name in package.json LICENSE; do
    if [ -f "$source/$name" ]; then cp "$source/$name" "$staging/lib/"; fi
  done
  cp -R "$source/dist" "$source/man" "$staging/lib/"
  native_front
  runtime_packages
  for page in "$staging"/lib/man/*.[0-9]; do
    section=man${page##*.}
    mkdir -p "$staging/share/man/$section"
    cp "$page" "$staging/share/man/$section/"
  done
  completion bash bash-completion/completions/rolekeeper
  completion zsh zsh/site-functions/_rolekeeper
  completion fish fish/vendor_completions.d/rolekeeper.fish
}

# The front has the paths of Node and of its own directory inside, so it is compiled for where it will lie. Without sources or without a C
# compiler the launcher takes its place: the same answers, slower.
native_front() {
  rm -f "$staging/lib/dist/rolekeeper"
  if [ -f "$source/tools/compile-front.mjs" ]; then
    # shellcheck disable=SC2016 # JavaScript
    (cd -- "$source" && node --input-type=module -e '
      const { compileFront } = await import(`${process.cwd()}/tools/compile-front.mjs`);
      const [output, place] = process.argv.slice(1);
      compileFront({ output, node: process.execPath, place });' "$staging/lib/dist/rolekeeper" "$library/dist")
  fi
  if [ ! -f "$staging/lib/dist/rolekeeper" ]; then cp "$staging/lib/dist/rolekeeper.js" "$staging/lib/dist/rolekeeper"; fi
  chmod 755 "$staging/lib/dist/rolekeeper"
}

completion() {
  mkdir -p "$(dirname -- "$staging/share/$2")"
  node "$staging/lib/dist/rolekeeper.js" completion "$1" >"$staging/share/$2"
}

# All packages are inside dist/ but those with native code: the kernel's file locks, and off Linux the keychain.
runtime_packages() {
  natives=fs-native-extensions
  if [ "$(uname -s)" != Linux ]; then natives="$natives keytar"; fi
  if [ -d "$source/node_modules" ]; then
    # shellcheck disable=SC2086 # words
    node "$source/install/copy-packages.cjs" "$source" "$staging/lib" $natives
  elif command -v npm >/dev/null 2>&1; then
    # shellcheck disable=SC2016,SC2086 # JavaScript's own dollars; words
    wanted=$(node -p 'const { dependencies: a, optionalDependencies: b } = require(process.argv[1]);
      process.argv.slice(2).map((name) => `${name}@${{ ...a, ...b }[name]}`).join(" ")' "$source/package.json" $natives)
    fetched=$staging/fetched
    mkdir -p "$fetched"
    # shellcheck disable=SC2086 # words
    if (cd -- "$fetched" && npm install --ignore-scripts --no-audit --no-fund --no-package-lock --prefer-offline --prefix . $wanted) >/dev/null 2>&1; then
      node "$source/install/copy-packages.cjs" "$fetched" "$staging/lib" $natives
    else
      without_packages
    fi
    rm -rf "$fetched"
  else
    without_packages
  fi
}

without_packages() {
  if [ "$(uname -s)" != Linux ]; then fail 'the package for the keychain could not be had; nothing was installed' 'is npm there, and the network?'; fi
  say 'note: without fs-native-extensions (npm could not fetch it) rolekeeper uses a slower kind of lock'
}

# One line per file, relative to the prefix, of what is to be there.
staged_files() {
  (cd -- "$staging/lib" && find . \( -type f -o -type l \) -print) | sed 's|^\./|lib/rolekeeper/|'
  (cd -- "$staging/share" && find . -type f -print) | sed 's|^\./|share/|'
  echo bin/rolekeeper
}

is_ours() { [ -f "$manifest" ] && grep -qxF "file $prefix/$1" "$manifest"; }

refuse_strangers() {
  strangers=$(staged_files | while IFS= read -r name; do
    if { [ -e "$prefix/$name" ] || [ -L "$prefix/$name" ]; } && ! is_ours "$name"; then
      # Left by a run that was interrupted before it had written its list.
      case $name in lib/rolekeeper/*) continue ;; esac
      if [ "$name" = bin/rolekeeper ] && [ "$(readlink "$prefix/$name" 2>/dev/null)" = ../lib/rolekeeper/dist/rolekeeper ]; then continue; fi
      if [ -f "$staging/$name" ] && cmp -s "$staging/$name" "$prefix/$name"; then continue; fi
      printf '%s ' "$prefix/$name"
    fi
  done)
  if [ -n "$strangers" ]; then fail "there already, and not by this script: $strangers" 'move it away, or choose another --prefix'; fi
}

put_in_place() {
  {
    if [ -f "$manifest" ]; then grep '^directory ' "$manifest" || true; fi
    printf '%s' "$directories" | sed 's/^/directory /'
  } | awk '!seen[$0]++' >"$staging/lib/manifest"
  staged_files | sed "s|^|file $prefix/|" >>"$staging/lib/manifest"
  old=$library.old.$$
  # Files of an earlier version that this one does not have.
  if [ -f "$manifest" ]; then
    sed -n 's/^file //p' "$manifest" | while IFS= read -r path; do
      case $path in "$library"/*) continue ;; esac
      if ! grep -qxF "file $path" "$staging/lib/manifest"; then rm -f "$path"; fi
    done
  fi
  mkdir -p "$prefix/lib" "$prefix/bin"
  if [ -e "$library" ]; then mv "$library" "$old"; fi
  mv "$staging/lib" "$library"
  rm -rf "$old"
  (cd -- "$staging/share" && find . -type f -print) | while IFS= read -r name; do
    mkdir -p "$(dirname -- "$prefix/share/$name")"
    mv -f "$staging/share/$name" "$prefix/share/$name"
  done
  ln -sf ../lib/rolekeeper/dist/rolekeeper "$prefix/bin/rolekeeper"
}

farewell() {
  shell=${SHELL:-}
  shell=${shell##*/}
  say "rolekeeper $("$prefix/bin/rolekeeper" --version) is in $prefix/bin"
  case :${PATH:-}: in
    *":$prefix/bin:"*) ;;
    *) explain_path ;;
  esac
  if [ "$shell" = zsh ] && [ "$prefix" != /usr/local ]; then
    say "for completion, before compinit in ~/.zshrc: fpath=($prefix/share/zsh/site-functions \$fpath)"
  fi
  say 'next: rolekeeper setup, which finds your keys and roles, shows its plan, and sets all up. man rolekeeper tells all'
  say "to take it back: sh $source/install/install.sh --uninstall$(prefix_words)"
}

prefix_words() {
  usual=${HOME:-}/.local
  if [ "$(id -u)" -eq 0 ]; then usual=/usr/local; fi
  if [ "$prefix" != "$usual" ]; then printf ' --prefix %s' "$prefix"; fi
}

# The line stands alone, to be copied.
explain_path() {
  say "$prefix/bin is not in your PATH. To put it there, for new shells:"
  case $shell in
    fish) path_line="fish_add_path $prefix/bin" ;;
    zsh) path_line="echo 'export PATH=\"$prefix/bin:\$PATH\"' >>~/.zshrc" ;;
    *) path_line="echo 'export PATH=\"$prefix/bin:\$PATH\"' >>~/.profile" ;;
  esac
  printf '\n    %s\n\n' "$path_line" >&2
  if [ "$prefix" = "${HOME:-}/.local" ] && [ "$shell" != fish ] && [ "$shell" != zsh ]; then
    say '(on Debian and Ubuntu the next login does that by itself)'
  fi
}

uninstall() {
  recover
  [ -f "$manifest" ] || fail "nothing was installed below $prefix by this script" 'did you install with another --prefix?'
  # A service would go on and run what is no longer there.
  if [ -x "$prefix/bin/rolekeeper" ] && "$prefix/bin/rolekeeper" uninstall --dry-run 2>&1 | grep -q '^uninstall:'; then
    fail 'the background service still runs this program; nothing was removed' "run \`rolekeeper uninstall\` first"
  fi
  config=${AWS_CONFIG_FILE:-${HOME:-}/.aws/config}
  if grep -qF "$prefix/bin/rolekeeper " "$config" 2>/dev/null; then
    say "note: profiles in $config still name $prefix/bin/rolekeeper"
  fi
  list=$(cat "$manifest")
  rm -f "$manifest"
  printf '%s\n' "$list" | sed -n 's/^file //p' | while IFS= read -r path; do rm -f "$path"; done
  if [ -d "$library" ]; then find "$library" -depth -type d -exec rmdir {} \; 2>/dev/null || true; fi
  remove_directories "$(printf '%s\n' "$list" | sed -n 's/^directory //p')"
  say "rolekeeper is gone from $prefix"
}

main "$@"

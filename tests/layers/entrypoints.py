"""Entrypoint scripts, one for each way in which real ones end, and what PID 1 is then.

Written for these tests. The ways are those that were found in the entrypoints of 591 public images:
`exec "$@"`, `exec PROGRAM`, `exec` of the script itself as another user, `exec` of an init, an init
in the shebang, no `exec` at all, a supervisor, traps, other interpreters, and how they are mixed.
"""

from __future__ import annotations

from typing import NamedTuple

SH, BASH = "#!/bin/sh\n", "#!/bin/bash\n"


class Case(NamedTuple):
    """A script at /e.sh, its arguments, and what PID 1 is."""

    name: str
    text: str
    args: str
    kind: str


# fmt: off
CASES = (
    # exec "$@"
    Case("exec-args", SH + 'set -e\nexec "$@"\n', "tini -- app", "init"),
    Case("exec-args-program", SH + 'exec "$@"\n', "app", "program"),
    Case("exec-args-server", SH + 'exec "$@"\n', "nginx -g x", "server"),
    Case("exec-args-unquoted", SH + "exec $@\n", "tini -- app", "init"),
    Case("exec-args-braces", SH + 'exec "${@}"\n', "tini -- app", "init"),
    Case("exec-args-old-idiom", SH + 'exec ${1+"$@"}\n', "tini -- app", "init"),
    Case("exec-args-joined", SH + 'exec "$*"\n', "tini -- app", "unknown"),
    Case("exec-args-from-2", BASH + 'exec "${@:2}"\n', "x tini -- app", "init"),
    Case("exec-args-shifted", SH + 'shift\nexec "$@"\n', "tini app", "program"),
    Case("exec-args-set-options", BASH + 'set -Eeuo pipefail\nexec "$@"\n', "tini -- app", "init"),
    Case("exec-args-after-loop", SH + 'for f in /d/*; do cat "$f"; done\nexec "$@"\n', "tini -- app", "init"),
    Case("exec-args-in-main", BASH + '_main() {\n  setup\n  exec "$@"\n}\n_main "$@"\n', "tini -- app", "init"),
    Case("exec-args-sourced-test", BASH + '_main() { exec "$@"; }\nif ! _sourced; then _main "$@"; fi\n', "tini -- app", "unknown"),
    Case("exec-args-sourced-bad", BASH + '_main() { exec "$@"; }\nif ! _sourced; then _main "$@"; fi\n', "app", "stays"),
    Case("exec-args-redirected", SH + 'exec "$@" >/dev/stdout 2>&1\n', "tini -- app", "init"),
    Case("exec-args-env", SH + 'HOME=/x exec env A=b "$@"\n', "tini -- app", "init"),
    Case("exec-args-command", SH + 'command exec "$@"\n', "tini -- app", "init"),
    Case("exec-args-heredoc", SH + 'cat >/etc/c <<EOF\nexec nothing\nEOF\nexec "$@"\n', "tini -- app", "init"),
    Case("exec-args-case", SH + 'case "$1" in\n  -*) set -- app "$@" ;;\n  *) ;;\nesac\nexec "$@"\n', "app", "program"),
    Case("exec-args-set-default", SH + 'if [ "${1#-}" != "$1" ]; then set -- nginx "$@"; fi\nexec "$@"\n', "nginx", "server"),
    Case("exec-args-set-mixed", SH + 'if [ "$1" = x ]; then set -- app "$@"; fi\nexec "$@"\n', "tini -- app", "unknown"),
    Case("exec-args-getopts", SH + 'while [ $# -gt 0 ]; do case $1 in -x) shift ;; *) break ;; esac; done\nexec "$@"\n', "app", "unknown"),
    Case("exec-args-parsed", BASH + 'while getopts ab o; do case $o in a) A=1 ;; esac; done\nexec "$@"\n', "tini -- app", "init"),
    # exec of itself as another user, and of wrappers
    Case("exec-self-gosu", BASH + 'if [ "$(id -u)" = 0 ]; then exec gosu app "$0" "$@"; fi\nexec "$@"\n', "app", "program"),
    Case("exec-self-gosu-init", BASH + 'if [ "$(id -u)" = 0 ]; then exec gosu app "$0" "$@"; fi\nexec tini -- "$@"\n', "app", "init"),
    Case("exec-self-su-exec", SH + '[ "$(id -u)" = 0 ] && exec su-exec app "$0" "$@"\nexec "$@"\n', "tini -- app", "init"),
    Case("exec-self-bash-source", BASH + 'if [ "$UID" = 0 ]; then exec gosu app "$BASH_SOURCE" "$@"; fi\nexec "$@"\n', "app", "unknown"),
    Case("exec-self-for-ever", SH + 'exec "$0" "$@"\n', "app", "unknown"),
    Case("exec-gosu-args", SH + 'exec gosu app "$@"\n', "tini -- app", "init"),
    Case("exec-chroot", SH + 'exec setpriv --reuid 1 tini -- "$@"\n', "app", "init"),
    # exec of a program
    Case("exec-program", SH + "exec app --flag\n", "", "program"),
    Case("exec-program-quoted", SH + "exec 'app' \"--x y\"\n", "", "program"),
    Case("exec-server", SH + 'rm -f /run/httpd.pid\nexec httpd -DFOREGROUND "$@"\n', "", "server"),
    Case("exec-program-folder", SH + 'exec "$JAVA_HOME/bin/java" $JAVA_OPTS -jar /a.jar\n', "", "program"),
    Case("exec-program-variable", SH + 'exec "$APP"\n', "", "unknown"),
    Case("exec-program-set-here", SH + 'APP=/usr/bin/app\nexec "$APP" x\n', "", "program"),
    Case("exec-program-split", SH + 'CMD="tini -- app"\nexec $CMD\n', "", "init"),
    Case("exec-program-array", BASH + 'run=(tini --)\nrun+=("$@")\nexec "${run[@]}"\n', "app", "init"),
    Case("exec-program-default", SH + "exec ${RUN:-tini} -- app\n", "", "unknown"),
    Case("exec-program-substituted", SH + "exec $(which tini) -- app\n", "", "unknown"),
    Case("exec-program-by-name", SH + 'case $1 in web) exec nginx ;; worker) exec app ;; esac\nexec tini -- "$@"\n', "x", "unknown"),
    Case("exec-program-or-shell", SH + 'if [ -n "$DEBUG" ]; then exec /bin/bash; fi\nexec app\n', "", "program"),
    Case("exec-missing", SH + "exec /opt/nothing\n", "", "absent"),
    Case("exec-descriptors-first", BASH + 'exec 3>&1\nexec > >(cat)\nexec tini -- "$@"\n', "app", "init"),
    Case("exec-behind-descriptor", SH + 'exec 3>&1 tini -- "$@"\n', "app", "init"),
    Case("exec-named", BASH + 'exec -a name tini -- "$@"\n', "app", "init"),
    # exec of an init
    Case("exec-init-tini", SH + 'exec tini -- "$@"\n', "app", "init"),
    Case("exec-init-path", SH + "exec /usr/bin/tini -g -- app\n", "", "init"),
    Case("exec-init-dumb", SH + 'exec dumb-init -- "$@"\n', "app", "init"),
    Case("exec-init-s6", SH + "exec s6-svscan /etc/s6\n", "", "supervisor"),
    Case("exec-init-supervisord", SH + 'exec /usr/bin/supervisord -n -c "$CONF"\n', "", "supervisor"),
    Case("exec-init-if-there", SH + 'if command -v tini >/dev/null; then exec tini -- "$@"; else exec dumb-init "$@"; fi\n', "app", "init"),
    Case("exec-init-or-not", SH + 'if [ -n "$INIT" ]; then exec tini -- "$@"; fi\nexec "$@"\n', "app", "unknown"),
    Case("exec-init-and-or", SH + '[ -x /sbin/x ] && exec tini -- "$@" || exec tini -s -- "$@"\n', "app", "init"),
    Case("exec-init-over-shell", SH + "exec tini -- sh -c 'app; x'\n", "", "init-deaf"),
    Case("exec-init-not-there", SH + 'exec catatonit -- "$@"\n', "app", "absent"),
    Case("exec-init-other-path", SH + 'PATH=/opt/bin:$PATH\nexec tini -- "$@"\n', "app", "unknown"),
    Case("exec-init-in-function", BASH + 'start() { exec tini -- "$@"; }\nstart app\n', "", "init"),
    Case("exec-init-background-first", SH + 'daemon &\nexec tini -- "$@"\n', "app", "init"),
    Case("exec-init-list-first", SH + 'a && b || c\nexec tini -- "$@"\n', "app", "init"),
    Case("exec-init-exit-else", SH + '[ -f /x ] || { echo no >&2; exit 1; }\nexec tini -- "$@"\n', "app", "init"),
    Case("shebang-init", '#!/usr/bin/dumb-init /bin/sh\nset -e\nexec "$@"\n', "app", "init"),
    Case("shebang-init-no-exec", "#!/usr/bin/dumb-init /bin/sh\napp\n", "", "init-deaf"),
    Case("shebang-env", '#!/usr/bin/env bash\nexec tini -- "$@"\n', "app", "init"),
    Case("shebang-options", '#!/bin/bash -eu\nexec tini -- "$@"\n', "app", "init"),
    # no exec at all
    Case("no-exec", SH + "setup\napp\n", "", "stays"),
    Case("no-exec-args", SH + '"$@"\n', "app", "stays"),
    Case("no-exec-wait", SH + "app &\nother &\nwait\n", "", "stays"),
    Case("no-exec-tail", SH + "service start\ntail -f /var/log/x\n", "", "stays"),
    Case("no-exec-loop", SH + "while true; do app; sleep 1; done\n", "", "stays"),
    Case("no-exec-supervisord", SH + "supervisord -n\n", "", "stays"),
    Case("no-exec-su", SH + 'su app -c "exec tini -- app"\n', "", "stays"),
    Case("no-exec-pipe", SH + "app | tee /log\n", "", "stays"),
    Case("exec-in-pipe", SH + 'exec tini -- "$@" 2>&1 | tee /log\n', "app", "stays"),
    Case("exec-in-subshell", SH + '(exec tini -- "$@")\n', "app", "stays"),
    Case("exec-in-background", SH + 'exec tini -- "$@" &\nwait\n', "app", "stays"),
    Case("exec-in-substitution", SH + "x=$(exec tini -- app)\napp\n", "", "stays"),
    Case("exec-in-echo", SH + "echo exec tini -- app\napp\n", "", "stays"),
    Case("exec-in-comment", SH + "app\n# exec tini -- app\n", "", "stays"),
    Case("exec-in-text", SH + "x='\nexec tini -- app\n'\napp\n", "", "stays"),
    Case("exec-in-heredoc", SH + "app <<'EOF'\nexec tini -- app\nEOF\n", "", "stays"),
    Case("exec-never-called", BASH + 'start() { exec tini -- "$@"; }\napp\n', "", "stays"),
    Case("exec-after-forever", SH + 'while :; do app; done\nexec tini -- "$@"\n', "app", "stays"),
    # traps, and what hides from everybody who does not run it
    Case("trap-term", BASH + "trap 'kill $pid' TERM INT\napp &\npid=$!\nwait $pid\n", "", "unknown"),
    Case("trap-exec", BASH + "trap 'exec app' EXIT\nexit 0\n", "", "unknown"),
    Case("trap-before-exec", SH + "trap 'rm -f /x' TERM\nexec tini -- app\n", "", "init"),
    Case("eval", SH + 'eval "exec tini -- $@"\n', "app", "unknown"),
    Case("eval-before", SH + 'eval "$HOOK"\nexec tini -- "$@"\n', "app", "unknown"),
    Case("sourced-unknown", SH + '. "$HOOKS"\nexec tini -- "$@"\n', "app", "unknown"),
    Case("sourced-known", SH + '. /lib.sh\nexec tini -- "$@"\n', "app", "init"),
    Case("sourced-that-ends", SH + '. /ends.sh\nexec tini -- "$@"\n', "app", "program"),
    Case("alias", SH + 'alias exec=echo\nexec tini -- "$@"\n', "app", "unknown"),
    Case("function-named-exec", BASH + 'exec() { app "$@"; }\nexec tini -- "$@"\n', "app", "unknown"),
    Case("dispatch", BASH + 'start() { exec app; }\n"$@"\n', "start", "unknown"),
    Case("broken", SH + 'if true; then\nexec tini -- "$@"\n', "app", "unknown"),
    Case("python", "#!/usr/bin/python3\nimport os\nos.execvp('tini', ['tini'])\n", "", "unknown"),
    Case("execline", "#!/usr/bin/execlineb -P\ntini -- app\n", "", "unknown"),
    Case("no-shell-there", "#!/bin/ksh\nexec tini -- app\n", "", "absent"),
)
# fmt: on

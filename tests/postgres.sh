#!/bin/sh
# A private PostgreSQL server for tests: on a free loopback port, with its socket and data in DIR.
#
#     TURNPIKE_TEST_POSTGRES=$(tests/postgres.sh start DIR [--without-fsync])
#     tests/postgres.sh restart DIR
#     tests/postgres.sh stop DIR
#
# start prints the URL; restart starts a server that has ended again, where it was; stop ends the
# server by its pid and removes what start made in DIR. fsync is on, as in production, unless it is
# left out: tests end processes and never the machine, and make a hundred tables a thousand times.
# The new cluster is not synced in any case, because nobody needs it after a power cut. As root, the server runs as
# user postgres, because it refuses root.
set -eu

usage() {
    echo "usage: $0 start DIR [--without-fsync] | restart DIR | stop DIR" >&2
    exit 2
}
settings=
case "$#-${1-}-${3-}" in
    2-*) ;;
    3-start---without-fsync) settings='fsync = off
full_page_writes = off' ;;
    *) usage ;;
esac
command=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || bin=$(dirname "$(command -v pg_ctl)")

as_owner() {
    if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Tries to start it on $1.
start_on() {
    (cd / && as_owner "$bin/pg_ctl" --pgdata="$dir/data" --log="$dir/server.log" --wait \
        --options="-c listen_addresses=127.0.0.1 -c port=$1 \
            -c unix_socket_directories='$dir' -c max_connections=200" \
        start >"$dir/start.log" 2>&1)
}

start() {
    [ "$(id -u)" -ne 0 ] || chown postgres "$dir"
    # Byte order, so that ORDER BY means the same as in SQLite.
    as_owner "$bin/initdb" --pgdata="$dir/data" --username=turnpike --auth=trust \
        --encoding=UTF8 --locale=C --no-sync >"$dir/initdb.log" 2>&1 ||
        { cat "$dir/initdb.log" >&2; exit 1; }
    echo "$settings" >>"$dir/data/postgresql.conf"
    # The port is free now; another program may take it first, hence more than one try.
    for attempt in 1 2 3 4 5; do
        port=$(free_port)
        if start_on "$port"; then
            echo "$port" >"$dir/port"
            echo "postgres://turnpike@127.0.0.1:$port/postgres"
            return
        fi
    done
    cat "$dir/start.log" "$dir/server.log" >&2
    exit 1
}

restart() {
    start_on "$(cat "$dir/port")" || { cat "$dir/start.log" "$dir/server.log" >&2; exit 1; }
}

stop() {
    pid_file=$dir/data/postmaster.pid
    if [ -f "$pid_file" ]; then
        pid=$(head -n 1 "$pid_file")
        kill -INT "$pid" 2>/dev/null || true  # fast shutdown
        tries=0
        while kill -0 "$pid" 2>/dev/null; do
            tries=$((tries + 1))
            [ $tries -le 100 ] || { kill -QUIT "$pid" 2>/dev/null || true; break; }
            sleep 0.1
        done
    fi
    rm -rf "$dir/data" "$dir/initdb.log" "$dir/start.log" "$dir/server.log" "$dir/port"
}

case $command in
    start) start ;;
    restart) restart ;;
    stop) stop ;;
    *) usage ;;
esac

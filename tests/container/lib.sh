# shellcheck shell=sh
# shellcheck disable=SC2034 # whoever sources it uses them
# lib.sh - containers of our own: storage, network and base image in a directory of this run, removed at its end.
#
# Podman as root, without systemd and without a registry: the base image is made by debootstrap, health checks are run by
# a loop.  Where that cannot work the test says why and is skipped (77).
set -eu

top=$(CDPATH='' cd -- "${0%/*}/../.." && pwd)
patience=${FR_PATIENCE:-60}
work=$(mktemp -d "${TMPDIR:-/var/tmp}/fr-container.XXXXXX")
service_pid=
health_pid=
compose_dir=

step() { printf '%s %s\n' "$(date -u +%H:%M:%S)" "$*"; }
skip() {
    printf 'skipped: %s\n' "$*"
    exit 77
}
fail() {
    printf 'FAILED: %s\n' "$*" >&2
    if [ -n "$compose_dir" ]; then
        for name in $(podman ps -a --format '{{.Names}}' 2>/dev/null); do
            printf -- '---- %s ----\n' "$name" >&2
            podman logs --tail 15 "$name" >&2 2>&1 || true
        done
    fi
    exit 1
}
equal() { [ "$2" = "$3" ] || fail "$1: expected '$3', got '$2'"; }

wait_for() { # WHAT COMMAND...
    what=$1
    shift
    wait_end=$(($(date +%s) + patience))
    until "$@" >"$work/look" 2>&1; do
        [ "$(date +%s)" -lt "$wait_end" ] || fail "$what did not happen in $patience s; the last look said: $(tail -n 3 "$work/look")"
        sleep 0.2
    done
}

leave() {
    status=$?
    trap - EXIT INT TERM
    [ ! -d "$work/site" ] || (cd "$work/site" && COMPOSE_PROJECT_NAME=site docker-compose down -v -t 5 >/dev/null 2>&1) || true
    [ -z "$compose_dir" ] || (cd "$compose_dir" && compose --profile demo --profile tools down -v -t 5 >/dev/null 2>&1) || true
    for pid in $health_pid $service_pid; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    if [ -f "$work/storage.conf" ]; then
        podman rm -fa -t 1 >/dev/null 2>&1 || true
        podman network prune -f >/dev/null 2>&1 || true
        podman umount -a >/dev/null 2>&1 || true
    fi
    umount "$work/storage/overlay" 2>/dev/null || true
    rm -rf "$work" 2>/dev/null || true
    exit "$status"
}
trap leave EXIT
trap 'exit 130' INT TERM

# ---- podman of our own ----

podman_here() {
    [ "$(id -u)" -eq 0 ] || skip "containers are built as root here"
    for program in podman runc docker-compose debootstrap; do
        command -v "$program" >/dev/null 2>&1 || skip "$program is not installed"
    done
    cat >"$work/containers.conf" <<END
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
runtime = "runc"
events_logger = "file"
[network]
network_config_dir = "$work/networks"
END
    mkdir -p "$work/networks" "$work/storage" "$work/run"
    cat >"$work/storage.conf" <<END
[storage]
driver = "overlay"
graphroot = "$work/storage"
runroot = "$work/run"
END
    export CONTAINERS_CONF="$work/containers.conf" CONTAINERS_STORAGE_CONF="$work/storage.conf"
    podman info >"$work/info" 2>&1 || skip "podman does not work here: $(tail -n 1 "$work/info")"
}

# A base image as a registry would give it.  Where the network wants certificates of its own, npm must know them.
base_image() {
    debootstrap --variant=minbase bookworm "$work/rootfs" >"$work/debootstrap.log" 2>&1 ||
        skip "debootstrap does not work here: $(tail -n 1 "$work/debootstrap.log")"
    set -- --change 'CMD ["/bin/bash"]' --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
    authorities=${NODE_EXTRA_CA_CERTS:-$(npm config get cafile 2>/dev/null || true)}
    if [ -f "$authorities" ]; then
        cp "$authorities" "$work/rootfs/etc/extra-ca.pem"
        set -- "$@" --change 'ENV NODE_EXTRA_CA_CERTS=/etc/extra-ca.pem'
    fi
    tar -C "$work/rootfs" -c . | podman import "$@" - docker.io/library/debian:bookworm-slim >"$work/import.log" 2>&1 ||
        skip "podman cannot import an image here: $(tail -n 1 "$work/import.log")"
    rm -rf "$work/rootfs"
    podman run --rm docker.io/library/debian:bookworm-slim true >"$work/run.log" 2>&1 ||
        skip "containers cannot run here: $(tail -n 1 "$work/run.log")"
}

build_images() {
    for target in filrouge edge; do
        name=localhost/filrouge:dev
        [ "$target" = filrouge ] || name=localhost/filrouge-edge:dev
        podman build --format docker -f "$top/deploy/Containerfile" --target "$target" -t "$name" "$top" \
            >"$work/build-$target.log" 2>&1 && continue
        ! grep -qE 'Temporary failure resolving|Unable to fetch|Failed to fetch|npm ERR! (network|code (E[A-Z]+|SELF_SIGNED))' \
            "$work/build-$target.log" || skip "packages cannot be had from inside a container here: $(grep -E 'fail|ERR' "$work/build-$target.log" | tail -n 2)"
        fail "the image does not build: $(tail -n 15 "$work/build-$target.log")"
    done
}

image_bytes() { podman image inspect "$1" --format '{{.Size}}'; }

# ---- compose over podman's socket; health checks by a loop, since nothing else runs them ----

compose() { docker-compose "$@"; }

compose_here() {
    podman system service -t 0 "unix://$work/podman.sock" >"$work/service.log" 2>&1 &
    service_pid=$!
    export DOCKER_HOST="unix://$work/podman.sock" COMPOSE_PROJECT_NAME=fr
    wait_for "podman's socket" test -S "$work/podman.sock"
}

health_loop() {
    while :; do
        for name in $(podman ps --format '{{.Names}}' 2>/dev/null); do podman healthcheck run "$name" >/dev/null 2>&1 || true; done
        sleep 1
    done &
    health_pid=$!
}

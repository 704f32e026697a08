# What Turnpike needs from Debian 12, in one place. Sourced by ./run and ./test.

run_packages=(
    clang-19 lld-19 llvm-19 cmake ninja-build ccache pkg-config ca-certificates
    libboost1.81-dev libboost-url1.81-dev libcurl4-openssl-dev libssl-dev libisal-dev libsodium-dev
    libidn2-dev libutf8proc-dev
    libsqlite3-dev libpq-dev nlohmann-json3-dev
    libfmt-dev libspdlog-dev libtomlplusplus-dev libcli11-dev prometheus-cpp-dev
    zlib1g-dev libzstd-dev
    libcairo2-dev libpango1.0-dev fonts-dejavu-core
)
test_packages=(
    clang-tidy-19 clang-format-19 libclang-rt-19-dev
    libgtest-dev libgmock-dev librapidcheck-dev
    postgresql-15 python3 nginx-light caddy wrk zstd chromium poppler-utils
)

# Runs its arguments as root: directly, or through sudo, which may ask only when somebody is there.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif ! command -v sudo >/dev/null; then
        echo "Installing packages needs root or sudo." >&2
        return 1
    elif [ -t 0 ]; then
        sudo "$@"
    else
        sudo -n "$@"
    fi
}

# Prints those of its arguments that are not installed.
missing_packages() {
    local installed name
    # It fails when it has never heard of one of them, and prints the others all the same.
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null) || true
    installed=$'\n'$installed$'\n'
    for name in "$@"; do
        [[ $installed == *$'\n'"installed $name"$'\n'* ]] || echo "$name"
    done
}

# Installs what is missing and nothing else; asks apt only if something is. Removes nothing: when
# another package stands in the way (libboost1.74-dev does), apt's own message says which.
install_missing() {
    if ! command -v dpkg-query >/dev/null; then
        echo "This is not Debian. Turnpike is built and tested on Debian 12 with: $*" >&2
        return 0
    fi
    local missing
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -eq 0 ] && return 0

    echo "Installing ${missing[*]}" >&2
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
    as_root "${apt[@]}" update >&2 &&
        as_root "${apt[@]}" install -y --no-install-recommends --no-remove "${missing[@]}" >&2 &&
        return 0
    echo "apt could not install: ${missing[*]}" >&2
    return 1
}

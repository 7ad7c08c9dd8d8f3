# Installs Debian packages that are missing. Read by the scripts beside it: `. scripts/packages.sh`.

build_packages="gcc libc6-dev meson ninja-build pkg-config libblis-dev libyaml-dev zlib1g-dev"
test_packages="check strace valgrind"

# The packages among the arguments that are not there.
missing() {
    for package in "$@"; do
        dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q 'install ok' ||
            echo "$package"
    done
}

# ensure PACKAGE…: installs what is missing, as root or through sudo.
ensure() {
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "no apt here; please install what these packages of Debian hold: $*" >&2
        return 0
    fi
    wanted=$(missing "$@" | tr '\n' ' ')
    [ -n "$wanted" ] || return 0
    sudo=
    if [ "$(id -u)" != 0 ]; then
        sudo=sudo
        command -v sudo >/dev/null 2>&1 || {
            echo "neither root nor sudo; please install: $wanted" >&2
            return 1
        }
    fi
    echo "installing $wanted"
    $sudo apt-get update -qq
    $sudo env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $wanted >/dev/null
}

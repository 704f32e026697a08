# Configures and builds one CMake preset. Sourced by ./run and ./test from the top folder.

# configure_preset PRESET: only when there is nothing to build with, when the presets changed, or when
# the folder was moved here from somewhere else. Ninja notices the rest.
configure_preset() {
    local folder=build/$1
    if [ -f "$folder/CMakeCache.txt" ] &&
        ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "$folder/CMakeCache.txt"; then
        rm -rf "$folder"
    fi
    if [ ! -f "$folder/build.ninja" ] || [ CMakePresets.json -nt "$folder/build.ninja" ]; then
        cmake --preset "$1" >&2 || return 1
        touch "$folder/build.ninja"
    fi
}

# build_preset PRESET TARGET...
build_preset() {
    configure_preset "$1" || return 1
    ninja -C "build/$1" "${@:2}" >&2
}

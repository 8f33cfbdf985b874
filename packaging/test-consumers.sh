#!/bin/sh
# usage: test-consumers.sh FOLDER
# Installs into FOLDER and uses what was installed as others do, with the programs that the README shows: a newcomer
# with pkg-config, CMake, Meson, plain cc, static and shared, also after the prefix was moved; and a Rust program by
# path. A tool that is not installed is named as skipped, which CI does not allow. Where CC is MinGW's, programs are for
# Windows and run by $WRAPPER.
set -eu
cd "$(dirname "$0")/.."
source=$PWD
work=$1
rm -rf "$work"
mkdir -p "$work"
work=$(cd "$work" && pwd)
: "${CC:=cc}" "${CXX:=c++}" "${MAKE:=make}" "${WRAPPER:=}"
case $("$CC" -dumpmachine) in
    *mingw*) exe=.exe cmake_flags=-DCMAKE_TOOLCHAIN_FILE=$source/packaging/consumers/cmake/mingw.cmake
        meson_flags="--cross-file $source/packaging/consumers/meson/mingw.ini" ;;
    *) exe='' cmake_flags="-DCMAKE_C_COMPILER=$CC -DCMAKE_CXX_COMPILER=$CXX" meson_flags='' ;;
esac
checks=0 failed=0 skipped=0

# check TEXT COMMAND...: the command succeeds.
check() {
    text=$1
    shift
    checks=$((checks + 1))
    if ! "$@" > "$work/log" 2>&1; then
        failed=$((failed + 1))
        echo "packaging: failed: $text" >&2
        sed 's/^/    /' "$work/log" >&2
    fi
}

# needs TOOL: whether it is there.
needs() {
    command -v "$1" > /dev/null && return 0
    skipped=$((skipped + 1))
    echo "packaging: skipped: $1, which is not installed"
    [ "${CI:-}" != true ] || failed=$((failed + 1))
    return 1
}

# installed PREFIX LIBRARIES: what was installed there is found; when a program for Windows starts, the runtime of C++,
# too.
installed() {
    export PKG_CONFIG_PATH="$2/pkgconfig" WINEPATH="$1/bin"
    [ -z "$exe" ] || for library in libstdc++-6.dll libwinpthread-1.dll; do
        WINEPATH="$WINEPATH;$(dirname "$("$CXX" -print-file-name=$library)")"
    done
}
# Where else a program looks for libraries when it starts.
rpath() { [ -n "$exe" ] || printf '%s' "-Wl,-rpath,$1"; }
# Whether a program needs the shared library.
is_shared() { "${OBJDUMP:-objdump}" -p "$1" | grep -Eq 'NEEDED +libhyla\.so\.0$|DLL Name: hyla\.dll$'; }

not() { ! "$@"; }

# A block of a language in the README, `c` or `c2` for the second one, and what its comment says that it prints.
snippet() {
    language=${1%%[0-9]*}
    awk -v fence="^\`\`\`$language\$" -v wanted="${1#"$language"}" '
        BEGIN { if (wanted == "") wanted = 1 }
        $0 ~ fence { inside = (++seen == wanted); next }
        /^```$/ { inside = 0 }
        inside
    ' "$source/README.md"
}
prints() { snippet "$1" | sed -n 's|^.*// prints: ||p'; }
# says BLOCK COMMAND...: the program prints what the README says.
says() {
    expected=$(prints "$1")
    shift
    [ -n "$expected" ] && [ "$($WRAPPER "$@")" = "$expected" ]
}

programs() {
    mkdir -p "$1"
    snippet c > "$1/main.c"
    snippet c2 > "$1/camera.c"
    snippet cpp > "$1/main.cpp"
    snippet cpp2 > "$1/camera.cpp"
}

# Builds and runs both programs by plain compilers: a flag line for each of static and shared.
by_compiler() {
    folder=$1 static=$2 shared=$3
    programs "$folder"
    for kind in static shared; do
        [ "$kind" = static ] && flags=$static || flags=$shared
        # Unquoted: flags are several words.
        check "$folder: main.c, $kind" "$CC" -std=c11 -Wall -Wextra -Werror -o "$folder/c-$kind$exe" \
            "$folder/main.c" $flags
        check "$folder: main.c, $kind, says" says c "$folder/c-$kind$exe"
        check "$folder: camera.c, $kind" "$CC" -std=c11 -Wall -Wextra -Werror -o "$folder/camera-$kind$exe" \
            "$folder/camera.c" $flags
        check "$folder: camera.c, $kind, says" says c2 "$folder/camera-$kind$exe"
        check "$folder: main.cpp, $kind" "$CXX" -std=c++17 -Wall -Wextra -Werror -o "$folder/cpp-$kind$exe" \
            "$folder/main.cpp" $flags
        check "$folder: main.cpp, $kind, says" says cpp "$folder/cpp-$kind$exe"
        check "$folder: camera.cpp, $kind" "$CXX" -std=c++20 -Wall -Wextra -Werror -o "$folder/camera-cpp-$kind$exe" \
            "$folder/camera.cpp" $flags
        check "$folder: camera.cpp, $kind, says" says cpp2 "$folder/camera-cpp-$kind$exe"
        for language in c cpp; do
            if [ "$kind" = shared ]; then
                check "$folder/$language-shared needs the shared library" is_shared "$folder/$language-$kind$exe"
            else
                check "$folder/$language-static needs no library" not is_shared "$folder/$language-$kind$exe"
            fi
        done
    done
}

by_pkg_config() {
    needs pkg-config || return 0
    flags="$(pkg-config --cflags hyla)"
    libraries="$(pkg-config --libs hyla)"
    folder=$(pkg-config --variable=libdir hyla)
    by_compiler "$1" "$flags $folder/libhyla.a" "$flags $libraries $(rpath "$folder")"
    check "pkg-config knows the version" [ "$(pkg-config --modversion hyla)" = "$version" ]
    check "pkg-config refuses version 99" sh -c '! pkg-config --atleast-version=99 hyla'
}

by_cmake() {
    needs cmake || return 0
    programs "$1"
    cp packaging/consumers/cmake/CMakeLists.txt "$1"
    check "cmake configures $1" cmake -S "$1" -B "$1/build" -DCMAKE_PREFIX_PATH="$2" $cmake_flags
    check "cmake builds $1" cmake --build "$1/build"
    for kind in hyla hyla_static hyla_shared; do
        check "$1: c_$kind$exe" says c "$1/build/c_$kind$exe"
        check "$1: cpp_$kind$exe" says cpp "$1/build/cpp_$kind$exe"
    done
    for wrong in 99 0.0 0.2 1.0; do
        sed "s/find_package(hyla 0.1 /find_package(hyla $wrong /" packaging/consumers/cmake/CMakeLists.txt \
            > "$1/CMakeLists.txt"
        check "cmake refuses version $wrong" \
            sh -c "! cmake -S '$1' -B '$1/build-$wrong' -DCMAKE_PREFIX_PATH='$2' $cmake_flags"
    done
}

by_meson() {
    needs meson && needs ninja || return 0
    programs "$1"
    cp packaging/consumers/meson/meson.build "$1"
    check "meson configures $1" meson setup $meson_flags "$1/build" "$1"
    check "meson builds $1" meson compile -C "$1/build"
    for kind in static shared; do
        check "$1: c_$kind$exe" says c "$1/build/c_$kind$exe"
        check "$1: cpp_$kind$exe" says cpp "$1/build/cpp_$kind$exe"
    done
}

# What the README says, typed into an empty folder; `make` is typed where the sources are.
by_newcomer() {
    needs pkg-config || return 0
    mkdir -p "$1/home"
    snippet c > "$1/main.c"
    [ -n "$exe" ] && blocks=windows-install || blocks=pkg-config
    {
        printf 'set -e\nHOME=%s/home\n' "$1"
        printf 'make() { MAKEFLAGS="" command "%s" -C "%s" "$@" > /dev/null; }\n' "$MAKE" "$source"
        awk -v blocks=$blocks '
            /^```sh$/ { block = ""; inside = 1; next }
            /^```$/ { if (inside && block ~ blocks) printf "%s", block; inside = 0 }
            inside { block = block $0 "\n" }
        ' "$source/README.md"
    } > "$1/typed.sh"
    if [ -n "$exe" ]; then
        check "a newcomer's minute" sh -c "cd '$1' && . ./typed.sh"
        installed "$1/home/hyla-windows" "$1/home/hyla-windows/lib"
        for program in static main; do check "a newcomer's $program.exe" says c "$1/$program.exe"; done
    else
        check "a newcomer's minute" says c sh -c "cd '$1' && unset PKG_CONFIG_PATH && . ./typed.sh"
    fi
}

by_cargo() {
    mkdir -p "$1/src"
    cp packaging/consumers/rust/src/main.rs "$1/src"
    {
        printf '[package]\nname = "consumer"\nversion = "0.0.0"\nedition = "2024"\n\n'
        printf '[dependencies]\nhyla = { path = "%s" }\n\n' "$source"
        # The folder may lie in that of the library, of whose workspace it is no member.
        printf '[workspace]\n'
    } > "$1/Cargo.toml"
    cp "$source/Cargo.lock" "$1"
    check "cargo builds $1" cargo build --quiet --release --manifest-path "$1/Cargo.toml" --target-dir "$1/target"
    check "$1 says" [ "$("$1/target/release/consumer")" = "loss 0.791271" ]
}

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
for block in c c2 cpp cpp2; do check "the README has the program $block" [ -n "$(prints $block)" ]; done

prefix=$work/opt/hyla
check "make install" "$MAKE" install PREFIX=/opt/hyla DESTDIR="$work"
installed "$prefix" "$prefix/lib"
by_compiler "$work/cc" "-I$prefix/include $prefix/lib/libhyla.a" \
    "-I$prefix/include -L$prefix/lib -lhyla $(rpath "$prefix/lib")"
by_pkg_config "$work/pkg-config"
by_cmake "$work/cmake" "$prefix"
by_meson "$work/meson"

# The same after the prefix was moved, and from a folder of libraries as Debian has it.
mv "$work/opt" "$work/moved"
installed "$work/moved/hyla" "$work/moved/hyla/lib"
by_pkg_config "$work/pkg-config-moved"
by_cmake "$work/cmake-moved" "$work/moved/hyla"
check "make install with LIBDIR" "$MAKE" install PREFIX=/usr LIBDIR=/usr/lib/x86_64-linux-gnu DESTDIR="$work/debian"
installed "$work/debian/usr" "$work/debian/usr/lib/x86_64-linux-gnu"
by_pkg_config "$work/pkg-config-libdir"
by_cmake "$work/cmake-libdir" "$work/debian/usr/lib/x86_64-linux-gnu/cmake/hyla"
check "make uninstall" "$MAKE" uninstall PREFIX=/usr LIBDIR=/usr/lib/x86_64-linux-gnu DESTDIR="$work/debian"
check "make uninstall leaves no file" [ -z "$(find "$work/debian" ! -type d)" ]
by_newcomer "$work/newcomer"
[ -n "$exe" ] || by_cargo "$work/cargo"

echo "packaging: $checks checks, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]

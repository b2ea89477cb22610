#!/usr/bin/env bash
# debian-toolchain.sh FOLDER: a Rust compiler with a standard library for wasm32-unknown-unknown, made of Debian's
# packages, for machines on which `rustup target add` cannot download. FOLDER/rustc and FOLDER/rustdoc start it.
#
# Debian's compiler for the web (rustc-web) has no compiled library for this target, but the sources: they are compiled
# once. Its packages conflict with rustup's, so they are unpacked and not installed. Needs apt-get, and root for
# `apt-get update`.
set -euo pipefail
shopt -s inherit_errexit # or a failed command in $(…) would go unnoticed

folder=$1
target=wasm32-unknown-unknown
[ -e "$folder/ready" ] && exit 0

say() { printf 'debian-toolchain: %s\n' "$*" >&2; }
depends() { apt-cache show "$1" | sed -n "s/^Depends:.*\b\($2\).*/\1/p" | sort -u; }

rm -rf "$folder"
mkdir -p "$folder/debs" "$folder/root"
folder=$(readlink -f "$folder")
usr=$folder/root/usr
libraries=$usr/lib/$(uname -m)-linux-gnu
host=$(rustc -vV | sed -n 's/^host: //p')

apt-get update -qq # old lists name versions that the archive no longer has
version=$(apt-cache policy rustc-web | sed -n 's/^ *Candidate: //p')
std=$(depends "libstd-rust-web-dev=$version" 'libstd-rust-web-[0-9.]*[0-9]')
llvm=$(depends "$std=$version" 'libllvm[0-9]*')

say "unpacking rustc-web $version"
(cd "$folder/debs" && apt-get download -q "rustc-web=$version" "$std=$version" \
  "libstd-rust-web-dev=$version" "rust-web-src=$version" "$llvm")
for deb in "$folder"/debs/*.deb; do
  case $deb in
    */rust-web-src_*) # the library's sources only
      dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$folder/root" --wildcards \
        './usr/src/rustc-*/library/*' './usr/lib/rustlib/src/*' ;;
    *) dpkg-deb -x "$deb" "$folder/root" ;;
  esac
done

for program in rustc rustdoc; do
  cat >"$folder/$program" <<EOF
#!/bin/sh
export LD_LIBRARY_PATH="$libraries\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}"
exec "$usr/bin/$program" "\$@"
EOF
  chmod +x "$folder/$program"
done

# The linker: rustup's, or else Debian's of the same LLVM.
linker=$usr/lib/rustlib/$host/bin/rust-lld
mkdir -p "$(dirname "$linker")"
rustup_linker=$(rustc --print sysroot)/lib/rustlib/$host/bin/rust-lld
if [ -x "$rustup_linker" ]; then
  ln -sf "$rustup_linker" "$linker"
else
  number=${llvm#libllvm}
  (cd "$folder/debs" && apt-get download -q "lld-$number" && dpkg-deb -x lld-*.deb "$folder/root")
  printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' "$libraries" "$usr/lib/llvm-$number/bin/lld" >"$linker"
  chmod +x "$linker"
fi

say "compiling the standard library"
build=$folder/std
mkdir -p "$build/src"
: >"$build/src/lib.rs"
cat >"$build/Cargo.toml" <<'EOF'
[package]
name = "empty"
version = "0.0.0"
edition = "2021"
[profile.release]
panic = "abort"
[workspace]
EOF
sources=$usr/lib/rustlib/src/rust
remap="--remap-path-prefix=$sources=/rust --remap-path-prefix=$(readlink -f "$sources")=/rust"
# -Zbuild-std is not stable: RUSTC_BOOTSTRAP allows it, for this one build.
(cd "$build" && env -u CARGO_ENCODED_RUSTFLAGS RUSTC="$folder/rustc" RUSTC_BOOTSTRAP=1 \
  RUSTFLAGS="-Cembed-bitcode=yes $remap --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=/cargo" \
  cargo build --quiet --release --target $target --target-dir "$build/target" \
  -Zbuild-std=std,panic_abort,proc_macro,test)
mkdir -p "$usr/lib/rustlib/$target/lib"
cp "$build/target/$target/release/deps/"lib*.rlib "$usr/lib/rustlib/$target/lib/"
rm -f "$usr/lib/rustlib/$target/lib/"libempty*

rm -rf "$build" "$folder/debs" "$usr/share" "$usr/src" "$usr/lib/rustlib/src"
touch "$folder/ready"

//! Debian's package of the program.

use super::archive::{Content, Entry, ar, gz, tar_gz};
use super::{Target, VERSION};
use crate::Result;

/// The package, of what the archive of the program has.
pub(super) fn package(target: Target, content: &[Entry]) -> Result<Vec<u8>> {
    let data: Vec<Entry> = content.iter().filter_map(installed).collect::<Result<_>>()?;
    let control = Entry::file("control", 0o644, control(target, &data).into_bytes());
    let (control, data) = (tar_gz(&[control])?, tar_gz(&data)?);
    Ok(ar(&[("debian-binary", b"2.0\n"), ("control.tar.gz", &control), ("data.tar.gz", &data)]))
}

/// Where something is installed; nothing of what only the archive has.
fn installed(entry: &Entry) -> Option<Result<Entry>> {
    let Content::File(mode, bytes) = &entry.content else {
        return Some(Ok(Entry { path: format!("usr/bin/{}", entry.path), content: entry.content.clone() }));
    };
    let file = |path: String, bytes: Vec<u8>| Some(Ok(Entry::file(&path, *mode, bytes)));
    match entry.path.rsplit_once('/') {
        Some(("man", page)) => {
            Some(gz(bytes).map(|packed| Entry::file(&format!("usr/share/man/man1/{page}.gz"), *mode, packed)))
        }
        Some((_, "waypoint-xds.bash")) => {
            file("usr/share/bash-completion/completions/waypoint-xds".to_owned(), bytes.clone())
        }
        Some((_, "_waypoint-xds")) => {
            file("usr/share/zsh/vendor-completions/_waypoint-xds".to_owned(), bytes.clone())
        }
        Some((_, script)) => file(format!("usr/share/fish/vendor_completions.d/{script}"), bytes.clone()),
        None if entry.path == "LICENSE" => {
            file("usr/share/doc/waypoint-xds/copyright".to_owned(), bytes.clone())
        }
        None if entry.path == "waypoint-xds" => file("usr/bin/waypoint-xds".to_owned(), bytes.clone()),
        None => None,
    }
}

fn control(target: Target, data: &[Entry]) -> String {
    let size: usize = data
        .iter()
        .map(|entry| match &entry.content {
            Content::File(_, bytes) => bytes.len().div_ceil(1024),
            Content::Link(_) => 1,
        })
        .sum();
    format!(
        "Package: waypoint-xds\n\
         Version: {VERSION}\n\
         Architecture: {}\n\
         Maintainer: The waypoint-xds authors <maintainers@waypoint-xds.invalid>\n\
         Installed-Size: {size}\n\
         Section: admin\n\
         Priority: optional\n\
         Homepage: {}\n\
         Description: {}\n\
         \u{20}Takes Kubernetes and Istio objects as YAML, and tells who enforces which policy, what\n\
         \u{20}comes of a request, what a change changes, and what the Envoy of each waypoint gets.\n",
        target.debian,
        super::manifests::HOME,
        super::manifests::SUMMARY,
    )
}

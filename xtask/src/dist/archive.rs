//! Archives whose bytes depend on nothing but what is in them: no time, no owner.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use crate::Result;

/// Something in an archive.
#[derive(Clone)]
pub(super) struct Entry {
    /// Its path, with slashes.
    pub(super) path: String,
    pub(super) content: Content,
}

#[derive(Clone)]
pub(super) enum Content {
    /// Its mode, and its bytes.
    File(u32, Vec<u8>),
    /// Where it points to.
    Link(String),
}

impl Entry {
    pub(super) fn file(path: &str, mode: u32, bytes: Vec<u8>) -> Self {
        Self { path: path.to_owned(), content: Content::File(mode, bytes) }
    }
}

/// An archive, packed. The folders of its files come before them.
pub(super) fn tar_gz(entries: &[Entry]) -> Result<Vec<u8>> {
    let mut archive = Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
    let folders: BTreeSet<&Path> = entries
        .iter()
        .flat_map(|entry| Path::new(&entry.path).ancestors().skip(1))
        .filter(|folder| !folder.as_os_str().is_empty())
        .collect();
    for folder in folders {
        let mut header = header(EntryType::Directory, 0o755, 0);
        archive.append_data(&mut header, folder, std::io::empty())?;
    }
    for entry in entries {
        match &entry.content {
            Content::File(mode, bytes) => {
                let mut header = header(EntryType::Regular, *mode, bytes.len() as u64);
                archive.append_data(&mut header, &entry.path, bytes.as_slice())?;
            }
            Content::Link(target) => {
                let mut header = header(EntryType::Symlink, 0o777, 0);
                archive.append_link(&mut header, &entry.path, target)?;
            }
        }
    }
    Ok(archive.into_inner()?.finish()?)
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// Bytes, packed.
pub(super) fn gz(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes)?;
    Ok(packer.finish()?)
}

/// An archive of `ar`, of which Debian's packages are made.
pub(super) fn ar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = b"!<arch>\n".to_vec();
    for (name, bytes) in members {
        let header = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 100_644, bytes.len());
        archive.extend(header.as_bytes());
        archive.extend(*bytes);
        if bytes.len() % 2 == 1 {
            archive.push(b'\n');
        }
    }
    archive
}
